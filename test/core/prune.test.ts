import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import { planPrune, pruneShare } from '../../src/core/prune.ts'

const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))
const wanted = digest(1)
const fresh = digest(2)
const waiting = digest(3)
const due = digest(4)
const pardoned = digest(5)

test('what nobody wants is condemned first, and due when its time is over', () => {
  const plan = planPrune({
    listing: new Map([
      [wanted, 1],
      [fresh, 20],
      [waiting, 300],
      [due, 4000],
      [pardoned, 50_000],
    ]),
    isWanted: (each) => each === wanted || each === pardoned,
    condemned: new Map([
      [waiting, 501],
      [due, 500],
      [pardoned, 1],
      [digest(9), 1],
    ]),
    nowMs: 1500,
    graceMs: 1000,
  })
  expect(plan).toEqual({
    condemned: [{ digest: fresh, sizeBytes: 20, sinceMs: 1500 }],
    waiting: [{ digest: waiting, sizeBytes: 300, sinceMs: 501 }],
    due: [{ digest: due, sizeBytes: 4000, sinceMs: 500 }],
    pardoned: [pardoned],
    bytes: { listed: 54_321, condemned: 20, waiting: 300, due: 4000 },
  })
  expect(pruneShare(plan)).toBeCloseTo(4000 / 54_321)
})

test('a time in the future makes nothing due, and an empty mirror has no share', () => {
  const question = { isWanted: () => false, nowMs: 1000, graceMs: 1 }
  const plan = planPrune({
    ...question,
    listing: new Map([[due, 1]]),
    condemned: new Map([[due, 2000]]),
  })
  expect(plan.waiting).toEqual([{ digest: due, sizeBytes: 1, sinceMs: 1000 }])
  expect(pruneShare(plan)).toBe(0)
  expect(pruneShare(planPrune({ ...question, listing: new Map(), condemned: new Map() }))).toBe(0)
})

test('nothing wanted is ever due, and nothing is due that was not condemned for the whole grace', () => {
  const numbers = fc.integer({ min: 0, max: 20 })
  fc.assert(
    fc.property(
      fc.uniqueArray(numbers),
      fc.uniqueArray(numbers),
      fc.dictionary(numbers.map(String), fc.integer({ min: 0, max: 3000 })),
      fc.integer({ min: 1, max: 2000 }),
      (listed, keep, since, graceMs) => {
        const condemned = new Map(Object.entries(since).map(([n, at]) => [digest(Number(n)), at]))
        const kept = new Set(keep.map(digest))
        const plan = planPrune({
          listing: new Map(listed.map((n) => [digest(n), n])),
          isWanted: (each) => kept.has(each),
          condemned,
          nowMs: 2500,
          graceMs,
        })
        for (const each of plan.due) {
          expect(kept.has(each.digest)).toBe(false)
          expect(2500 - condemned.get(each.digest)!).toBeGreaterThanOrEqual(graceMs)
        }
        const sorted = [...plan.condemned, ...plan.waiting, ...plan.due]
        expect(sorted.length).toBe(listed.filter((n) => !kept.has(digest(n))).length)
      },
    ),
  )
})
