import type { Busy } from '../../core/busiest.ts'
import type { TallyCounts, TallyRow } from '../../core/tally.ts'
import type { Upstream } from '../../core/upstream.ts'
import { upstreamOf } from '../../core/upstream.ts'
import type { Period, PeriodTraffic, Quarter, TrafficRecord } from '../../metrics/traffic-record.ts'
import { periods } from '../../metrics/traffic-record.ts'
import type { Analytics, AnalyticsRow } from './analytics.ts'

/** What isolates counted together, as a report wants it. */
export type AnalyticsTraffic = Pick<TrafficRecord, 'during' | 'quarters'>

const quarterMs = 15 * 60_000
const dayMs = 86_400_000
/** Analytics Engine keeps points for three months. */
const reachesMs: Readonly<Record<Period, number>> = {
  hour: 3_600_000,
  day: dayMs,
  start: 90 * dayMs,
}
const intervals: Readonly<Record<Period, string>> = {
  hour: "'1' HOUR",
  day: "'1' DAY",
  start: "'90' DAY",
}
/** Of what was pulled by fewest nothing is told where there is more. */
const mostRows = 10_000
const mostNames = 256

/** Each point stands for as many events as its weight says, and each that is kept for those that are not. */
const counts = [
  'SUM(double1 * _sample_interval) AS requests',
  'SUM(double3 * double1 * _sample_interval) AS bytes',
  'SUM((1 - double4) * double1 * _sample_interval) AS unsized',
].join(', ')

/**
 * Asks Analytics Engine for the blobs that were pulled: the columns are those that docs/workers.md
 * names. Rejects where one of its answers is none.
 */
export async function readAnalyticsTraffic(
  { ask, dataset }: Analytics,
  upstreams: readonly Upstream[],
  nowMs: number,
): Promise<AnalyticsTraffic> {
  const from = (interval: string) =>
    `FROM ${dataset} WHERE blob1 = 'request' AND blob2 = 'blob' AND blob3 = 'GET' AND timestamp > NOW() - INTERVAL ${interval}`
  const labels =
    'blob8 AS action, blob9 AS reason, double2 AS status, blob6 AS cloud, blob7 AS region, blob10 AS place, blob4 AS repository'
  const by = 'GROUP BY action, reason, status, cloud, region, place, repository'
  const [quarterRows, ...periodRows] = await Promise.all([
    ask(
      `SELECT intDiv(toUnixTimestamp(timestamp), 900) AS slot, blob8 AS action, double2 AS status, ${counts} ${from("'1' DAY")} GROUP BY slot, action, status`,
    ),
    ...periods.map((period) =>
      ask(
        `SELECT ${labels}, MIN(toUnixTimestamp(timestamp)) AS oldest, ${counts} ${from(intervals[period])} ${by} ORDER BY requests DESC LIMIT ${mostRows}`,
      ),
    ),
  ])
  const oldestMs = periodRows.flat().map((row) => numberOf(row, 'oldest') * 1000)
  const ageMs = nowMs - oldestMs.reduce((least, each) => Math.min(least, each), nowMs)
  const traffic = new Map(
    periods.map((period, at) => {
      const lengthMs = Math.max(1, Math.min(reachesMs[period], ageMs))
      return [period, periodOf(period, lengthMs, periodRows[at]!, upstreams)]
    }),
  )
  return {
    during: (period) => traffic.get(period)!,
    quarters: () => quartersOf(quarterRows, nowMs),
  }
}

function periodOf(
  period: Period,
  lengthMs: number,
  answer: readonly AnalyticsRow[],
  upstreams: readonly Upstream[],
): PeriodTraffic {
  const rows = answer.map((row) => ({
    ...tallyRow(row, upstreams),
    repository: textOf(row, 'repository'),
  }))
  const sent = rows.filter(({ action }) => action === 'mirror' || action === 'upstream')
  const missing = sent.filter(({ reason }) => reason === 'not-mirrored')
  return { period, lengthMs, rows, repositories: busiest(sent), notMirrored: busiest(missing) }
}

function busiest(rows: readonly (TallyCounts & { readonly repository: string })[]): Busy[] {
  return Array.from(
    Map.groupBy(rows, ({ repository }) => repository),
    ([name, alike]): Busy => ({ name, ...sumOf(alike) }),
  )
    .toSorted((a, b) => b.bytes - a.bytes || b.requests - a.requests)
    .slice(0, mostNames)
}

function sumOf(rows: readonly TallyCounts[]): TallyCounts {
  const sum = (column: keyof TallyCounts) => rows.reduce((total, row) => total + row[column], 0)
  return { requests: sum('requests'), bytes: sum('bytes'), unsized: sum('unsized') }
}

function quartersOf(answer: readonly AnalyticsRow[], nowMs: number): readonly Quarter[] {
  const last = Math.floor(nowMs / quarterMs)
  const found = Map.groupBy(answer, (row) => numberOf(row, 'slot'))
  return Array.from({ length: 96 }, (_, at) => {
    const quarter = last - 95 + at
    const rows = (found.get(quarter) ?? []).map((row) => tallyRow(row, []))
    return { endMs: Math.min((quarter + 1) * quarterMs, nowMs), rows }
  })
}

function tallyRow(row: AnalyticsRow, upstreams: readonly Upstream[]): TallyRow {
  const action = textOf(row, 'action') as TallyRow['action']
  const place = textOf(row, 'place')
  const status = numberOf(row, 'status')
  const owner = upstreamOf(upstreams, textOf(row, 'repository'))?.registry ?? ''
  // What was refused or failed reads nothing.
  const isServed = status < 400
  return {
    kind: 'blob',
    method: 'GET',
    action,
    reason: textOf(row, 'reason') as TallyRow['reason'],
    status,
    cloud: textOf(row, 'cloud'),
    region: textOf(row, 'region'),
    mirror: action === 'mirror' ? place : '',
    upstream: action === 'upstream' && place !== '' ? place : owner,
    requests: numberOf(row, 'requests'),
    bytes: isServed ? numberOf(row, 'bytes') : 0,
    unsized: isServed ? numberOf(row, 'unsized') : 0,
  }
}

function textOf(row: AnalyticsRow, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : ''
}

/** A whole number: what is sampled is a reckoning, and money is reckoned in whole bytes. */
function numberOf(row: AnalyticsRow, column: string): number {
  const value = Math.round(Number(row[column] ?? 0))
  return Number.isFinite(value) ? value : 0
}
