import type { MissedSaving } from '../../../src/core/missed-savings.ts'
import type {
  LocationReport,
  MirrorReport,
  MoneyReport,
  PeriodReport,
  Report,
  Ways,
} from '../../../src/metrics/report.ts'
import type { Period } from '../../../src/metrics/traffic-record.ts'
import { periods } from '../../../src/metrics/traffic-record.ts'

/** The moment that the reports here are of. */
export const nowMs = Date.UTC(2026, 10, 25, 14, 3, 10)
export const hourMs = 3_600_000
export const dollar = 1_000_000_000n

/** Ways by what went to mirrors and what to the upstream, in bytes and in pulls. */
export function ways(
  bytes: readonly [number, number],
  requests: readonly [number, number],
  unsized = 0,
): Ways {
  const both = ([mirror, upstream]: readonly [number, number]) => ({ mirror, upstream })
  return { bytes: both(bytes), requests: both(requests), unsized }
}

export function money(saved: bigint, upstream: bigint, unpricedBytes = 0): MoneyReport {
  return { saved, spent: { mirror: 0n, upstream }, unpricedBytes }
}

/** A period in which nothing was pulled, with changes. */
export function periodOf(changes: Partial<PeriodReport> = {}): PeriodReport {
  return {
    period: 'day',
    lengthMs: 24 * hourMs,
    ...ways([0, 0], [0, 0]),
    money: money(0n, 0n),
    moneyAMonth: money(0n, 0n),
    locations: [],
    repositories: [],
    ...changes,
  }
}

export function locationOf(location: string, changes: Partial<LocationReport> = {}) {
  return { location, ...ways([0, 0], [0, 0]), money: money(0n, 0n), ...changes }
}

export function mirrorReport(id: string, changes: Partial<MirrorReport> = {}): MirrorReport {
  const healthy = { healthy: true, unhealthySinceMs: undefined, canaryAtMs: nowMs - 60_000 }
  return { id, ...healthy, requests: 0, bytes: 0, ...changes }
}

export function missedOf(changes: Partial<MissedSaving> = {}): MissedSaving {
  return {
    reason: 'no-mirror',
    location: 'aws/ap-south-1',
    mirror: undefined,
    requests: 10,
    bytes: 2_000_000_000,
    estimatedBytes: 0,
    unsized: 0,
    costAMonth: 12n * dollar,
    savesAMonth: 11n * dollar,
    advice: { text: 'Put a mirror there.' },
    ...changes,
  }
}

/** A report in which every period is alike, with changes. Nothing at all happened in it. */
export function reportOf(
  changes: Partial<Report> = {},
  period: Partial<Omit<PeriodReport, 'period'>> = {},
): Report {
  const lengths: Readonly<Record<Period, number>> = { hour: 1, day: 24, start: 240 }
  return {
    madeAtMs: nowMs,
    periods: periods.map((name) =>
      periodOf({ lengthMs: lengths[name] * hourMs, ...period, period: name }),
    ),
    quarters: [],
    missedIn: { period: 'day', lengthMs: 24 * hourMs },
    missed: [],
    mirrors: [],
    index: undefined,
    ranges: [],
    ...changes,
  }
}
