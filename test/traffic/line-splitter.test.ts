import { expect, test } from 'vitest'
import { LineSplitter, longestLine } from '../../src/traffic/line-splitter.ts'

/** What is heard of these pieces: lines as they are, and long ones by how much is shown of them. */
function split(...pieces: readonly string[]): readonly (string | number)[] {
  const heard: (string | number)[] = []
  const splitter = new LineSplitter(
    (bytes, start, end) => {
      expect([10, 13]).toContain(bytes[end])
      heard.push(bytes.toString('latin1', start, end))
    },
    (_bytes, start, end) => heard.push(end - start),
  )
  // One buffer for all, as files are read.
  const buffer = Buffer.alloc(longestLine * 4)
  for (const piece of pieces) splitter.push(buffer.subarray(0, buffer.write(piece, 'latin1')))
  splitter.end()
  return heard
}

const longest = 'x'.repeat(longestLine)

test.for<[string, readonly string[], readonly (string | number)[]]>([
  ['nothing', [], []],
  ['lines', ['one\ntwo\n'], ['one', 'two']],
  ['a last line without an end', ['one\ntwo'], ['one', 'two']],
  ['lines of Windows', ['one\r\n\r\ntwo\r', '\nthree\r'], ['one', '', 'two', 'three']],
  ['blank lines', ['\n\n', '\n'], ['', '', '']],
  ['a line in several pieces', ['o', 'n', 'e\ntw', 'o\n'], ['one', 'two']],
  ['a line end that comes alone', ['one', '\n', 'two'], ['one', 'two']],
  ['the longest line', [`${longest}\none`], [longest, 'one']],
  ['the longest line, its end alone', [longest, '\none'], [longest, 'one']],
  ['the longest line in two pieces', ['x', `${longest.slice(1)}\none`], [longest, 'one']],
  ['the longest line at the end', ['x', longest.slice(1)], [longest]],
  ['a line that is too long', [`${longest}x\none`], [longestLine + 1, 'one']],
  ['one whose end is later', [`${longest}x`, 'x\none'], [longestLine, 'one']],
  ['one in two pieces', ['x', `${longest}\none`], [longestLine, 'one']],
  ['one in many pieces', ['x', longest, 'x', longest, 'x\none'], [longestLine, 'one']],
  ['one that never ends', [longest, longest, longest], [longestLine]],
  ['two of them', [`${longest}x`, `\n${longest}x`, '\none'], [longestLine, longestLine, 'one']],
])('%s', ([, pieces, heard]) => {
  expect(split(...pieces)).toEqual(heard)
})
