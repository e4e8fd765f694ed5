import { expect, test } from 'vitest'
import { regionRows } from '../../../src/metrics/page/region-rows.ts'
import { dollar, locationOf, money, ways } from './reports.ts'

const locations = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    locationOf(`aws/region-${index}`, {
      ...ways([10, 1], [2, 1], 1),
      money: money(dollar, 2n * dollar, 3),
    }),
  )

test.for<[number, number, string]>([
  [1, 1, 'aws/region-0'],
  [15, 15, 'aws/region-14'],
  [16, 16, 'aws/region-15'],
  [17, 16, '2 other regions'],
  [1000, 16, '985 other regions'],
])('%d regions have %d rows, of which the last is %s', ([count, rows, last]) => {
  expect(regionRows(locations(count))).toHaveLength(rows)
  expect(regionRows(locations(count)).at(-1)!.name).toBe(last)
})

test('the last row has the sums of all that have none of their own', () => {
  expect(regionRows(locations(115)).at(-1)).toEqual({
    name: '100 other regions',
    ...ways([1000, 100], [200, 100], 100),
    money: money(100n * dollar, 200n * dollar, 300),
  })
})

test('clients in no known place have a row too', () => {
  expect(regionRows([locationOf('-')])[0]!.name).toBe('nowhere known')
})
