import { expect, test } from 'vitest'
import { digestOfHex, hexOf, isWellFormedDigest, parseDigest } from '../../src/core/digest.ts'

const hex = 'a'.repeat(64)

test.for<[string, string, boolean, boolean]>([
  ['a SHA-256 is mirrored', `sha256:${hex}`, true, true],
  ['upper-case hex is no digest', `sha256:${hex.toUpperCase()}`, false, false],
  ['a short SHA-256 is no digest', `sha256:${hex.slice(1)}`, false, false],
  ['a long SHA-256 is no digest', `sha256:${hex}a`, false, false],
  ['a SHA-512 is a digest that is not mirrored', `sha512:${hex}${hex}`, false, true],
  ['a short SHA-512 is no digest', `sha512:${hex}`, false, false],
  ['a SHA-384 is a digest that is not mirrored', `sha384:${hex}${hex.slice(32)}`, false, true],
  ['an algorithm nobody registered is well formed', 'sha256+b64u:LCa0a2j_xo', false, true],
  ['a digest has a colon', hex, false, false],
  ['a digest has something after the colon', 'sha256:', false, false],
  ['a digest does not go on for ever', `x:${'a'.repeat(600)}`, false, false],
  ['a line feed ends no digest', `sha256:${hex}\n`, false, false],
])('%s', ([, text, mirrored, wellFormed]) => {
  expect(parseDigest(text) !== undefined).toBe(mirrored)
  expect(isWellFormedDigest(text)).toBe(wellFormed)
})

test('a digest is made of hex and gives it back', () => {
  expect(digestOfHex(hex)).toBe(`sha256:${hex}`)
  expect(hexOf(digestOfHex(hex))).toBe(hex)
  expect(() => digestOfHex('xyz')).toThrow('wanted 64 lower-case hex digits, got xyz')
})
