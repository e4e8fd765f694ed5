import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationText } from '../../src/cli/live-duration.ts'
import { createRate } from '../../src/cli/live-rate.ts'

test.for<[number, string]>([
  [0, '1 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_399_600, '1 d'],
  [273_600_000, '3 d 4 h'],
])('%d ms are %s', ([ms, text]) => {
  expect(durationText(ms)).toBe(text)
})

test('a rate is what came in the window, over the time there was', () => {
  const rate = createRate(10_000)
  expect(rate.perSecond(0)).toBe(0)
  rate.add(100, 50_000)
  expect(rate.perSecond(50_100)).toBe(100)
  expect(rate.perSecond(54_000)).toBe(25)
  expect(rate.perSecond(59_999)).toBeCloseTo(10, 1)
  expect(rate.perSecond(61_000)).toBe(0)
})

test('what took longer than the window counts with the part that came in it', () => {
  const rate = createRate(10_000)
  rate.add(6000, 100_000, 60_000)
  expect(rate.perSecond(100_000)).toBeCloseTo(90, 5)
  expect(rate.perSecond(104_000)).toBeCloseTo(50, 5)
})

test('what comes evenly has its own rate, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 20, maxLength: 60 }),
      (pauses) => {
        const rate = createRate(15_000)
        let timeMs = 1_000_000
        for (const pauseMs of pauses) {
          timeMs += pauseMs
          rate.add(pauseMs, timeMs, pauseMs)
        }
        // A slot of the window at its beginning may be missing.
        const seen = rate.perSecond(timeMs)
        expect(seen).toBeLessThanOrEqual(1000.001)
        expect(seen).toBeGreaterThanOrEqual((1000 * 14) / 15 - 1)
      },
    ),
  )
})
