import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { axisEnd, dayMarks, shareOfDay, timeSlots } from '../../../src/metrics/page/time-slots.ts'
import { hourMs, nowMs, reportOf, ways } from './reports.ts'

const quarterMs = hourMs / 4
const some = ways([1, 1], [1, 1])

test('a slot is a quarter of an hour before its end, and the last one what there is of it', () => {
  const quarters = [nowMs - 5 * hourMs, nowMs - 2 * hourMs, nowMs - 60_000, nowMs].map((endMs) => ({
    endMs,
    ...some,
  }))
  const slots = timeSlots(reportOf({ quarters }))
  expect(slots.map(({ startMs, endMs }) => endMs - startMs)).toEqual([
    quarterMs,
    quarterMs,
    quarterMs,
    60_000,
  ])
})

test('what lies before the day is left out, and what lies across its beginning is cut', () => {
  const dayAgoMs = nowMs - 24 * hourMs
  const quarters = [dayAgoMs - 1000, dayAgoMs + 5000].map((endMs) => ({ endMs, ...some }))
  const slots = timeSlots(reportOf({ quarters }))
  expect(slots.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([[dayAgoMs, dayAgoMs + 5000]])
})

test.for<[string, number, number]>([
  ['its end', nowMs, 1],
  ['noon of it', nowMs - 12 * hourMs, 0.5],
  ['before it', nowMs - 30 * hourMs, 0],
  ['after it', nowMs + hourMs, 1],
])('the share of a day at %s', ([, ms, share]) => {
  expect(shareOfDay(ms, nowMs)).toBe(share)
})

test('a day has four marks, at even hours, and all are in it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e12, max: 2e12 }), (endMs) => {
      const marks = dayMarks(endMs)
      expect(marks).toHaveLength(4)
      for (const mark of marks) {
        expect(mark % (6 * hourMs)).toBe(0)
        expect(endMs - mark).toBeLessThan(24 * hourMs)
        expect(mark).toBeLessThanOrEqual(endMs)
      }
    }),
  )
})

test.for<[number, number]>([
  [0, 1],
  [1, 1],
  [7, 8],
  [11, 15],
  [107e9, 150e9],
  [999, 1000],
])('an axis for %d ends at %d', ([amount, end]) => {
  expect(axisEnd(amount)).toBe(end)
})

test('an axis is never too short, and never more than half empty', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e18, noNaN: true }), (amount) => {
      expect(axisEnd(amount)).toBeGreaterThanOrEqual(amount)
      expect(axisEnd(amount)).toBeLessThanOrEqual(amount * 2)
    }),
  )
})
