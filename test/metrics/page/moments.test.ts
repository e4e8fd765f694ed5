import { expect, test } from 'vitest'
import { ageText, showAge } from '../../../src/metrics/page/moments.ts'

const secondMs = 1000
const hourMs = 3_600_000

test.for<[number, string]>([
  [-5 * secondMs, '0 s'],
  [59.9 * secondMs, '59 s'],
  [60 * secondMs, '1 min'],
  [hourMs - 1, '59 min'],
  [hourMs, '1 h'],
  [48 * hourMs - 1, '47 h'],
  [48 * hourMs, '2 d'],
  [90 * 24 * hourMs, '90 d'],
])('%d ms are %s', ([ms, text]) => {
  expect(ageText(ms)).toBe(text)
})

test('an age has the moment it counts from', async () => {
  const atMs = Date.UTC(2026, 10, 25, 14, 3, 10)
  const shown = (await showAge(atMs, atMs + 2 * hourMs)).toString().replaceAll(/\s+/g, ' ')
  expect(shown).toMatch(
    /^<time datetime="2026-11-25T14:03:10.000Z" title="2026-11-25 14:03 UTC" ?>2 h ago<\/time ?>$/,
  )
})
