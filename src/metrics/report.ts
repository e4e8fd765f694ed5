import type { Accounting } from '../core/accounting.ts'
import { sumMoney } from '../core/accounting.ts'
import type { Busy } from '../core/busiest.ts'
import type { MissedSaving } from '../core/missed-savings.ts'
import { findMissedSavings, moneyAMonth } from '../core/missed-savings.ts'
import type { Nanodollars } from '../core/money.ts'
import type { MissedSavingsTerms } from '../core/savings-terms.ts'
import type { TallyRow } from '../core/tally.ts'
import type { ServiceState } from './state-metrics.ts'
import type { Period, PeriodTraffic, TrafficRecord } from './traffic-record.ts'
import { periods } from './traffic-record.ts'

/** What stayed home and what did not, and what would keep more of it. */
export type Report = {
  readonly madeAtMs: number
  readonly periods: readonly PeriodReport[]
  /** The last day, a quarter of an hour each. */
  readonly quarters: readonly (Ways & { readonly endMs: number })[]
  /** What the missed savings were found in. */
  readonly missedIn: { readonly period: Period; readonly lengthMs: number }
  /** What saves most comes first. */
  readonly missed: readonly MissedSaving[]
  readonly mirrors: readonly MirrorReport[]
  readonly index: ServiceState['index']
  readonly ranges: ServiceState['ranges']
}

/** Blobs by the way they went. */
export type Ways = {
  readonly requests: { readonly mirror: number; readonly upstream: number }
  /** As far as sizes are known. */
  readonly bytes: { readonly mirror: number; readonly upstream: number }
  /** Requests of which nobody knows how much was read. */
  readonly unsized: number
}

export type PeriodReport = Ways & {
  readonly period: Period
  readonly lengthMs: number
  readonly money: MoneyReport
  /** The same, a month at this rate. */
  readonly moneyAMonth: MoneyReport
  /** The most bytes first. */
  readonly locations: readonly LocationReport[]
  /** The busiest first. */
  readonly repositories: readonly Busy[]
}

export type MoneyReport = {
  /** What the bytes from mirrors would have cost from the upstream, less what they cost. */
  readonly saved: Nanodollars
  /** What the bytes cost by the ways they went. */
  readonly spent: { readonly mirror: Nanodollars; readonly upstream: Nanodollars }
  /** Bytes without a price, which are in no sum. */
  readonly unpricedBytes: number
}

export type LocationReport = Ways & {
  /** `cloud/region`, or `-` for nowhere known. */
  readonly location: string
  readonly money: MoneyReport
}

export type MirrorReport = {
  readonly id: string
  readonly healthy: boolean
  /** Since when it is not, in milliseconds since 1970. */
  readonly unhealthySinceMs: number | undefined
  /** Why it is not, where that is known. */
  readonly why?: string | undefined
  /** When its canary last passed, where that is known. */
  readonly canaryAtMs: number | undefined
  /** Blob requests since the start that were sent there, and their bytes. */
  readonly requests: number
  readonly bytes: number
}

/** What a report is made from. */
export type ReportDeps = {
  readonly traffic: TrafficRecord
  readonly accounting: Accounting
  readonly state: () => ServiceState
  /** What missed savings go by, beside what was counted. */
  readonly savings: () => Omit<
    MissedSavingsTerms,
    'rows' | 'lengthMs' | 'notMirrored' | 'accounting' | 'unhealthySinceMs'
  >
  /** Since when a mirror does not serve, of those that do not. */
  readonly unhealthySinceMs: () => ReadonlyMap<string, number>
  readonly now: () => number
}

/** The same, of what was counted elsewhere. */
export type ReportOf = Omit<ReportDeps, 'traffic'> & {
  readonly traffic: Pick<TrafficRecord, 'during' | 'quarters'>
}

/** Makes the report of this moment. */
export function makeReport(deps: ReportOf): Report {
  const { traffic, accounting, now } = deps
  const found = new Map(periods.map((period) => [period, traffic.during(period)]))
  const { index, ranges } = deps.state()
  const day = found.get('day')!
  return {
    madeAtMs: now(),
    periods: periods.map((period) => reportPeriod(found.get(period)!, accounting)),
    quarters: traffic.quarters().map(({ endMs, rows }) => ({ endMs, ...waysOf(rows) })),
    missedIn: { period: 'day', lengthMs: day.lengthMs },
    missed: findMissedSavings({
      ...deps.savings(),
      ...day,
      accounting,
      unhealthySinceMs: deps.unhealthySinceMs(),
    }),
    mirrors: reportMirrors(found.get('start')!.rows, deps),
    index,
    ranges,
  }
}

function reportPeriod(traffic: PeriodTraffic, accounting: Accounting): PeriodReport {
  const { period, lengthMs, rows, repositories } = traffic
  return {
    period,
    lengthMs,
    ...waysOf(rows),
    money: moneyOf(rows, accounting),
    moneyAMonth: moneyOf(rows, accounting, lengthMs),
    locations: reportLocations(rows, accounting),
    repositories: repositories.slice(0, 20),
  }
}

function waysOf(rows: readonly TallyRow[]): Ways {
  const sum = (action: TallyRow['action'], column: 'requests' | 'bytes' | 'unsized') =>
    rows
      .filter((row) => isPull(row) && row.action === action)
      .reduce((total, row) => total + row[column], 0)
  const both = (column: 'requests' | 'bytes') => ({
    mirror: sum('mirror', column),
    upstream: sum('upstream', column),
  })
  return {
    requests: both('requests'),
    bytes: both('bytes'),
    unsized: sum('mirror', 'unsized') + sum('upstream', 'unsized'),
  }
}

function isPull({ kind, method }: TallyRow): boolean {
  return kind === 'blob' && method === 'GET'
}

function moneyOf(
  rows: readonly TallyRow[],
  accounting: Accounting,
  monthOfMs?: number,
): MoneyReport {
  const sumOf = (action: TallyRow['action']) => {
    const some = rows.filter((row) => row.action === action)
    return monthOfMs === undefined
      ? sumMoney(some, accounting)
      : moneyAMonth(some, accounting, monthOfMs)
  }
  const [mirror, upstream] = [sumOf('mirror'), sumOf('upstream')]
  return {
    saved: mirror.fromUpstream - mirror.spent,
    spent: { mirror: mirror.spent, upstream: upstream.spent },
    unpricedBytes: mirror.unpricedBytes + upstream.unpricedBytes,
  }
}

function reportLocations(
  rows: readonly TallyRow[],
  accounting: Accounting,
): readonly LocationReport[] {
  const byLocation = Map.groupBy(rows.filter(isPull), ({ cloud, region }) =>
    cloud === '' ? '-' : `${cloud}/${region}`,
  )
  return Array.from(byLocation, ([location, alike]) => ({
    location,
    ...waysOf(alike),
    money: moneyOf(alike, accounting),
  })).toSorted((a, b) => allBytes(b) - allBytes(a) || allRequests(b) - allRequests(a))
}

function allBytes({ bytes }: Ways): number {
  return bytes.mirror + bytes.upstream
}

function allRequests({ requests }: Ways): number {
  return requests.mirror + requests.upstream
}

function reportMirrors(
  rows: readonly TallyRow[],
  { state, unhealthySinceMs }: ReportOf,
): readonly MirrorReport[] {
  const { mirrors, index } = state()
  const since = unhealthySinceMs()
  return mirrors.map(({ id, healthy, why }) => {
    const sent = rows.filter((row) => row.mirror === id && isPull(row))
    return {
      id,
      healthy,
      unhealthySinceMs: since.get(id),
      why,
      // An index names a mirror only where its canary passed when it was last checked.
      canaryAtMs: healthy ? index?.checkedAtMs : undefined,
      requests: sent.reduce((total, row) => total + row.requests, 0),
      bytes: sent.reduce((total, row) => total + row.bytes, 0),
    }
  })
}
