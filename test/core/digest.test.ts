import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  digestOfHex,
  fingerprint,
  hexOf,
  isWellFormedDigest,
  parseDigest,
  readFingerprint,
  setFingerprint,
} from '../../src/core/digest.ts'
import { isWellFormedByGrammar, parseDigestByGrammar } from './parts/request-by-grammar.ts'
import { digestText, sha256Text } from './parts/request-texts.ts'

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

test('agrees with the grammars on what is a digest', () => {
  fc.assert(
    fc.property(digestText, (text) => {
      expect(parseDigest(text)).toBe(parseDigestByGrammar(text))
      expect(isWellFormedDigest(text)).toBe(isWellFormedByGrammar(text))
    }),
    { numRuns: 1000 },
  )
})

test('the fingerprint of a digest is its first eight bytes, whatever was read before', () => {
  const wordsOf = (text: string) =>
    [text.slice(7, 15), text.slice(15, 23)].map((word) => Number.parseInt(word, 16))
  fc.assert(
    fc.property(sha256Text, sha256Text, (one, other) => {
      for (const text of [one, other, other, one]) {
        readFingerprint(parseDigest(text)!)
        expect([...fingerprint]).toEqual(wordsOf(text))
      }
    }),
    { numRuns: 100 },
  )
})

test('a fingerprint that was set is not read again', () => {
  const digest = digestOfHex(hex)
  setFingerprint(digest, 1, 2)
  readFingerprint(digest)
  expect([...fingerprint]).toEqual([1, 2])
  readFingerprint(digestOfHex('b'.repeat(64)))
  readFingerprint(digest)
  expect([...fingerprint]).toEqual([0xaaaaaaaa, 0xaaaaaaaa])
})
