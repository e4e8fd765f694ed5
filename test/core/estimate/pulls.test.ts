import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { mostPlaces } from '../../../src/core/estimate/blobs.ts'
import { PullCounts } from '../../../src/core/estimate/pulls.ts'

function shown(counts: PullCounts): Record<string, number> {
  const all: Record<string, number> = {}
  counts.forEach((row, place, pulls) => (all[`${row} ${place}`] = pulls))
  return all
}

test('counts each pair of a blob and a place by itself', () => {
  const counts = new PullCounts(8)
  for (const [row, place] of [
    [0, 0],
    [0, 191],
    [1, 0],
    [0, 191],
  ] as const) {
    expect(counts.add(row, place)).toBe(true)
  }
  expect(shown(counts)).toEqual({ '0 0': 1, '0 191': 2, '1 0': 1 })
})

test('has no room for another pair when it is full, and still counts those it has', () => {
  const counts = new PullCounts(2)
  expect([counts.add(0, 0), counts.add(1, 0), counts.add(2, 0), counts.add(1, 0)]).toEqual([
    true,
    true,
    false,
    true,
  ])
  expect(shown(counts)).toEqual({ '0 0': 1, '1 0': 2 })
})

test('follows blobs to their new rows, and forgets those that are gone', () => {
  const counts = new PullCounts(4)
  for (const row of [0, 1, 1, 2]) counts.add(row, 5)
  counts.renumber(Int32Array.of(-1, 0, 1))
  expect(shown(counts)).toEqual({ '0 5': 2, '1 5': 1 })
  expect([counts.add(7, 7), counts.add(8, 8), counts.add(9, 9)]).toEqual([true, true, false])
})

test('agrees with a Map', () => {
  const pair = fc.tuple(fc.nat(1_000_000), fc.nat(mostPlaces - 1))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 100 }), (pairs) => {
      const counts = new PullCounts(100)
      const twin: Record<string, number> = {}
      for (const [row, place] of pairs) {
        counts.add(row, place)
        twin[`${row} ${place}`] = (twin[`${row} ${place}`] ?? 0) + 1
      }
      expect(shown(counts)).toEqual(twin)
    }),
  )
})
