import { expect, test } from 'vitest'
import { reportJson } from '../../src/metrics/report-json.ts'
import { missedOf, mirrorReport, money, nowMs, reportOf, ways } from './page/reports.ts'

test('amounts of money are texts with all their decimals, whatever their size', () => {
  const report = reportOf({}, { money: money(123_456_789_012_345_678_901n, -1n) })
  expect(reportJson(report).periods[0]!.money).toEqual({
    saved: '123456789012.345678901',
    spent: { mirror: '0', upstream: '-0.000000001' },
    unpricedBytes: 0,
  })
})

test('what nobody knows is null, and not missing', () => {
  const report = reportOf({
    missed: [missedOf({ costAMonth: undefined, savesAMonth: undefined })],
    mirrors: [mirrorReport('aws/us-east-1', { canaryAtMs: undefined })],
  })
  const json = JSON.parse(JSON.stringify(reportJson(report))) as ReturnType<typeof reportJson>
  expect(json.index).toBeNull()
  expect(json.missed[0]).toMatchObject({ costAMonth: null, savesAMonth: null, mirror: null })
  expect(json.mirrors[0]).toMatchObject({ canaryAtMs: null, unhealthySinceMs: null })
})

test('all else is as in the report', () => {
  const counted = ways([5, 6], [7, 8], 9)
  const report = reportOf({ quarters: [{ endMs: nowMs, ...counted }] }, counted)
  const json = reportJson(report)
  expect(json.quarters).toEqual(report.quarters)
  expect(json.madeAtMs).toBe(nowMs)
  expect(json.periods.map(({ period }) => period)).toEqual(['hour', 'day', 'start'])
  expect(json.periods[1]).toMatchObject(counted)
  expect(json.missedIn).toEqual(report.missedIn)
})
