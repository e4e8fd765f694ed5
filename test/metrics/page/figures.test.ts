import { expect, test } from 'vitest'
import {
  countedText,
  percentText,
  showBytes,
  showDollars,
} from '../../../src/metrics/page/figures.ts'

test.for<[number, number, string]>([
  [0, 0, '0 %'],
  [0, 5, '0 %'],
  [5, 5, '100 %'],
  [1, 1_000_000, 'under 0.1 %'],
  [999_999, 1_000_000, 'over 99.9 %'],
  [4, 1000, '0.4 %'],
  [94, 10_000, '0.9 %'],
  [95, 10_000, '1 %'],
  [1, 3, '33 %'],
  [9899, 10_000, '99 %'],
  [9961, 10_000, '99.6 %'],
  [9994, 10_000, '99.9 %'],
])('%d of %d is %s', ([part, whole, text]) => {
  expect(percentText(part, whole)).toBe(text)
})

test('a word is in the singular for one alone', () => {
  const texts = [0, 1, 2, 12_000].map((count) => countedText(count, 'pull'))
  expect(texts).toEqual(['0 pulls', '1 pull', '2 pulls', '12,000 pulls'])
})

test('what is rounded for people is exact for machines', async () => {
  expect((await showBytes(1_234_567)).toString()).toBe(
    '<data value="1234567" title="1,234,567 bytes">1.23 MB</data>',
  )
  expect((await showDollars(1_234_567_890_123n)).toString()).toBe(
    '<data value="1234.567890123">$1,234.57</data>',
  )
})
