import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { findJsonError } from '../../src/cli/json-error.ts'

test.for<[string, number, number]>([
  ['', 1, 1],
  ['{\n  "a": [,]\n}', 2, 9],
  ['{"a": 1,}', 1, 9],
  ['[1, 2', 1, 6],
  ['{"a" 1}', 1, 6],
  ['{a: 1}', 1, 2],
  ['{"a": 1}\n}', 2, 1],
  ['[1}', 1, 3],
  ['{"a": "line\nbreak"}', 1, 7],
  ['// a comment\n{}', 1, 1],
  ['[01]', 1, 3],
])('%j goes wrong in line %i, column %i', ([text, line, column]) => {
  expect(() => JSON.parse(text)).toThrow(SyntaxError)
  expect(findJsonError(text)).toEqual({ line, column })
})

test('finds an error exactly where JSON.parse does', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const soup = fc.string({ unit: fc.constantFrom(...'{}[],:"a10-.e \\n'.split('')), maxLength: 10 })
  const nearly = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', ' '))
    .map(
      ([text, at, put]) =>
        text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1),
    )
  fc.assert(
    fc.property(fc.oneof(soup, nearly, fc.json()), (text) => {
      expect(findJsonError(text) === undefined).toBe(isJson(text))
    }),
    { numRuns: 3000 },
  )
})

test.for<[string, string]>([
  ['a string', `"${'x'.repeat(9_000_000)}"`],
  ['a string of escapes', `"${'\\n'.repeat(3_000_000)}"`],
  ['a number', '1'.repeat(9_000_000)],
  ['white space', `${' '.repeat(9_000_000)}1`],
  ['lists in lists', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`],
])('after %s of megabytes the place is still found', ([, value]) => {
  const text = `{"a":${value},}`
  expect(findJsonError(text)).toEqual({ line: 1, column: text.length })
})
