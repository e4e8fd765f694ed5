import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { costOf, exactDollars, formatDollars, parseDollars, sumOf } from '../../src/core/money.ts'

const amount = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
const gib = 1024n ** 3n

test.for<[string, bigint | undefined]>([
  ['0', 0n],
  ['0.09', 90_000_000n],
  ['0.000000001', 1n],
  ['12', 12_000_000_000n],
  ['0.0000000001', undefined],
  ['.09', undefined],
  ['1.', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['', undefined],
  ['9999999999999', undefined],
])('the dollars in "%s" are %s nanodollars', ([text, wanted]) => {
  expect(parseDollars(text)).toBe(wanted)
})

test.for<[bigint, string]>([
  [0n, '$0.00'],
  [1n, '$0.000000001'],
  [400n, '$0.0000004'],
  [400_000n, '$0.0004'],
  [429_000n, '$0.00043'],
  [90_000_000n, '$0.09'],
  [500_000_000n, '$0.50'],
  [994_000_000n, '$0.99'],
  [996_000_000n, '$1.00'],
  [1_005_000_000n, '$1.01'],
  [1_234_564_999_999n, '$1,234.56'],
  [1_234_567_890_000_000_000n, '$1,234,567,890.00'],
  [-1_234_565_000_000n, '-$1,234.57'],
  [-9_960_000n, '-$0.01'],
])('%s nanodollars are shown as %s', ([nanodollars, wanted]) => {
  expect(formatDollars(nanodollars)).toBe(wanted)
})

test('an amount that is shown is off by half of its last place at most', () => {
  fc.assert(
    fc.property(amount, (nanodollars) => {
      const shown = formatDollars(nanodollars)
      const size = nanodollars < 0n ? -nanodollars : nanodollars
      const read = parseDollars(shown.replaceAll(/[$,-]/g, ''))!
      const off = read > size ? read - size : size - read
      expect(shown).toMatch(/^-?\$(?:0|[1-9]\d{0,2}(?:,\d{3})*)\.\d{2,9}$/)
      expect(shown.startsWith('-')).toBe(nanodollars < 0n)
      expect(off).toBeLessThanOrEqual(size >= 1_000_000_000n ? 5_000_000n : size / 10n + 1n)
    }),
  )
})

test('an exact amount reads back as itself', () => {
  fc.assert(
    fc.property(amount, (nanodollars) => {
      const text = exactDollars(nanodollars)
      const read = parseDollars(text.replace('-', ''))!
      expect(text.startsWith('-') ? -read : read).toBe(nanodollars)
      expect(text).not.toMatch(/\.\d*0$/)
    }),
  )
})

test.for<[string, number | bigint, bigint, bigint, bigint]>([
  ['a GiB at $0.09 costs nine cents', 2 ** 30, 90_000_000n, gib, 90_000_000n],
  ['half a nanodollar is rounded up', 1, 1n, 2n, 1n],
  ['less than half a nanodollar is nothing', 1, 1n, 3n, 0n],
  ['a request at $0.0004 per 1,000', 1, 400_000n, 1000n, 400n],
  ['a petabyte at nine cents', 2n ** 50n, 90_000_000n, gib, 94_371_840_000_000n],
])('%s', ([, quantity, nanodollars, per, wanted]) => {
  expect(costOf(quantity, { nanodollars, per })).toBe(wanted)
})

test('a cost is off by half a nanodollar at most, and never shrinks as the quantity grows', () => {
  const price = fc.record({
    nanodollars: fc.bigInt({ min: 0n, max: 10n ** 10n }),
    per: fc.bigInt({ min: 1n, max: gib }),
  })
  const bytes = fc.bigInt({ min: 0n, max: 2n ** 60n })
  fc.assert(
    fc.property(bytes, bytes, price, (some, more, each) => {
      const cost = costOf(some, each)
      const off = cost * each.per - some * each.nanodollars
      expect((off < 0n ? -off : off) * 2n).toBeLessThanOrEqual(each.per)
      expect(costOf(some + more, each)).toBeGreaterThanOrEqual(cost)
    }),
  )
})

test('a cost is asked of whole units from zero on', () => {
  const price = { nanodollars: 1n, per: 1n }
  expect(() => costOf(-1, price)).toThrow('wanted a quantity of 0 or more, got -1')
  expect(() => costOf(1.5, price)).toThrow(RangeError)
})

test('a sum is exact in any order', () => {
  fc.assert(
    fc.property(fc.array(amount), (amounts) => {
      expect(sumOf(amounts)).toBe(sumOf(amounts.toReversed()))
    }),
  )
  expect(sumOf([1n, 2n, 3n])).toBe(6n)
})
