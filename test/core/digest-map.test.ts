import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { DigestMap } from '../../src/core/digest-map.ts'
import { DigestTable } from '../../src/core/digest-table.ts'

/** Few enough to come twice, and often alike at their beginning, where the table looks first. */
const digests = fc
  .tuple(fc.constantFrom('00000000', 'ffffffff', '89abcdef'), fc.integer({ min: 0, max: 300 }))
  .map(([head, n]) => digestOfHex(head + n.toString(16).padStart(56, '0')))

test('keeps what a Map of strings keeps, in the same order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(digests, fc.maxSafeNat())), digests, (entries, other) => {
      const map = new DigestMap()
      const oracle = new Map<Digest, number>()
      for (const [digest, value] of entries) {
        map.set(digest, value)
        oracle.set(digest, value)
      }
      expect([...map]).toEqual([...oracle])
      expect([...map.keys()]).toEqual([...oracle.keys()])
      expect([...map.values()]).toEqual([...oracle.values()])
      expect(map.size).toBe(oracle.size)
      expect(map.get(other)).toBe(oracle.get(other))
      expect(map.has(other)).toBe(oracle.has(other))
    }),
  )
})

test('numbers digests in the order they come, and finds each of many thousands', () => {
  const table = new DigestTable()
  const made = Array.from({ length: 20_000 }, (_, n) =>
    digestOfHex(((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0').repeat(8)),
  )
  const map = new DigestMap()
  const misplaced = made.filter((digest, n) => {
    map.set(digest, -n)
    return table.add(digest) !== n
  })
  expect(misplaced).toEqual([])
  const lost = made.filter(
    (digest, n) =>
      table.add(digest) !== n ||
      table.find(digest) !== n ||
      table.at(n) !== digest ||
      map.at(n) !== digest ||
      map.get(digest) !== -n,
  )
  expect(lost).toEqual([])
  expect(table.size).toBe(made.length)
  expect(table.find(digestOfHex('1'.repeat(64)))).toBe(-1)
})

test('digests that begin alike find room beside one another, and keep it when the table grows', () => {
  const table = new DigestTable()
  const made = Array.from({ length: 500 }, (_, n) =>
    digestOfHex(`0000000a${n.toString(16).padStart(56, '0')}`),
  )
  expect(made.map((digest) => table.add(digest))).toEqual(made.map((_, n) => n))
  expect(made.map((digest) => table.find(digest))).toEqual(made.map((_, n) => n))
})

test('digests that come again, in the order they came or in another, are the same ones', () => {
  const hexes = ['a', 'b', 'c', 'd'].map((letter) => digestOfHex(letter.repeat(64)))
  const map = new DigestMap()
  for (const round of [1, 2]) {
    for (const [at, digest] of hexes.entries()) map.set(digest, round * at)
  }
  for (const [at, digest] of [...hexes.entries()].toReversed()) map.set(digest, 3 * at)
  expect([...map]).toEqual(hexes.map((digest, at) => [digest, 3 * at]))
  for (const [at, digest] of hexes.entries()) expect(map.get(digest)).toBe(3 * at)
})
