import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isGlob, matchesGlob } from '../../src/core/glob.ts'

test.for<[string, string, boolean]>([
  ['*', '', true],
  ['*', 'team/app', true],
  ['team/*', 'team/app', true],
  ['team/*', 'team', false],
  ['v1.*', 'v10', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*-rc*', 'v1-rc1', true],
  ['app', 'app2', false],
])('%s matches %s: %s', ([pattern, name, wanted]) => {
  expect(matchesGlob(pattern, name)).toBe(wanted)
})

test('a pattern has a star, and a name has none', () => {
  expect(['team/*', '*', 'team/app'].map(isGlob)).toEqual([true, true, false])
})

test('agrees with a regular expression', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '*'), maxLength: 8 })
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '[^]*')
      expect(matchesGlob(pattern, name)).toBe(new RegExp(`^${source}$`).test(name))
    }),
    { numRuns: 2000 },
  )
})
