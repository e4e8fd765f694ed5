import { expect, test } from 'vitest'
import { createHistogram } from './load-histogram.ts'

test('quantiles are within one in a hundred, and the longest is exact', () => {
  const histogram = createHistogram()
  for (let n = 1; n <= 1000; n++) histogram.add(n / 7)
  for (const share of [0.001, 0.5, 0.99, 0.999, 1]) {
    const [got, exact] = [histogram.quantileMs(share), (share * 1000) / 7]
    expect(got / exact).toBeGreaterThanOrEqual(0.9999)
    expect(got / exact).toBeLessThan(1.011)
  }
  expect(histogram.mostMs()).toBe(1000 / 7)
  expect(histogram.count()).toBe(1000)
})

test('what is longer than any bucket, or no time at all, is counted', () => {
  const histogram = createHistogram()
  histogram.add(0)
  histogram.add(1e9)
  expect(histogram.count()).toBe(2)
  expect(histogram.mostMs()).toBe(1e9)
  expect(histogram.quantileMs(0.5)).toBeLessThanOrEqual(0.001)
})

test('an empty one has no times, and neither has one that was cleared', () => {
  const histogram = createHistogram()
  histogram.add(5)
  histogram.clear()
  expect([histogram.count(), histogram.quantileMs(0.5), histogram.mostMs()]).toEqual([0, NaN, NaN])
})
