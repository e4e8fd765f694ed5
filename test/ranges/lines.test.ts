import { expect, test } from 'vitest'
import { longestLine, readLines } from '../../src/ranges/lines.ts'

async function linesOf(chunks: readonly string[]): Promise<readonly string[]> {
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const lines: string[] = []
  for await (const batch of readLines(input())) lines.push(...batch)
  return lines
}

test.for<[string, readonly string[], readonly string[]]>([
  ['lines end with LF or CRLF', ['a\nb\r\n\nc\n'], ['a', 'b', '', 'c']],
  ['the last line may have no end', ['a\nb'], ['a', 'b']],
  ['a line may come in pieces', ['a', 'b', 'c\nd', '\r', '\ne'], ['abc', 'd', 'e']],
  ['an empty input has no lines', [''], []],
  ['a byte that is no ASCII does no harm', ['é\n'], ['Ã©']],
  ['a CR within a line is left', ['a\rb\n'], ['a\rb']],
])('%s', async ([, chunks, wanted]) => {
  expect(await linesOf(chunks)).toEqual(wanted)
})

test('a line without end is cut, in one chunk or in many', async () => {
  const long = 'x'.repeat(longestLine * 3)
  const cut = 'x'.repeat(longestLine)
  expect(await linesOf([`${long}\ny\n`])).toEqual([cut, 'y'])
  expect(await linesOf([long, long, `${long}\ny`])).toEqual([cut, 'y'])
  expect(await linesOf([long])).toEqual([cut])
})
