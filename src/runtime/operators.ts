import type { Config } from '../config.ts'
import type { Accounting } from '../core/accounting.ts'
import { createAccounting } from '../core/accounting.ts'
import type { AddressTable } from '../core/address-table.ts'
import type { Policy } from '../core/decision.ts'
import type { ServiceEvent } from '../core/event.ts'
import { matchesGlob } from '../core/glob.ts'
import type { Metrics } from '../metrics/prometheus.ts'
import { createMetrics } from '../metrics/prometheus.ts'
import type { ReportDeps } from '../metrics/report.ts'
import type { ServiceState } from '../metrics/state-metrics.ts'
import { createTrafficRecord } from '../metrics/traffic-record.ts'
import type { IndexKeeper } from '../proxy/index-keeper.ts'
import { createMirrorHealth } from './mirror-health.ts'

/** What operators are shown is made from these. */
export type Operators = {
  /** To be told of every event. */
  readonly record: (event: ServiceEvent) => void
  readonly scrape: Metrics['scrape']
  readonly report: ReportDeps
}

export type OperatorsDeps = {
  readonly config: Config
  readonly policy: Policy
  readonly table: Pick<AddressTable, 'sources'>
  /** Where an index is kept. */
  readonly keeper: IndexKeeper | undefined
  readonly now: () => number
}

/** Counts what happens, and turns it into metrics and reports. */
export function createOperators(deps: OperatorsDeps): Operators {
  const { config, policy, table, keeper, now } = deps
  const accounting = createConfiguredAccounting(config)
  const traffic = createTrafficRecord(config.upstreams, now)
  const health = createMirrorHealth(config.mirrors, config.presence, () => keeper?.state(), now)
  const ranges = table.sources.flatMap(({ cloud, date }) =>
    date === null ? [] : [{ cloud, dateMs: Date.parse(date) }],
  )
  const state = (): ServiceState => ({ index: keeper?.state(), mirrors: health.all(), ranges })
  const metrics = createMetrics({ rows: traffic.rows, accounting, state, now })

  return {
    record(event) {
      if (event.event === 'request') traffic.record(event)
      health.record(event)
      metrics.record(event)
    },
    scrape: metrics.scrape,
    report: {
      traffic,
      accounting,
      state,
      savings: () => ({ ...createSavingsTerms(config, policy), heldBytes: keeper?.heldBytes() }),
      unhealthySinceMs: health.unhealthySinceMs,
      now,
    },
  }
}

/** The accounting that a configuration makes. */
function createConfiguredAccounting(config: Config): Accounting {
  const { prices, upstreams, mirrors, accounting } = config
  return createAccounting({ prices, upstreams, mirrors, ...accounting })
}

/** What missed savings go by, as far as the configuration tells it. */
function createSavingsTerms(
  config: Config,
  policy: Policy,
): Omit<ReturnType<ReportDeps['savings']>, 'heldBytes'> {
  const { prices, mirrors, overrides, sync } = config
  const { repositories } = sync
  return {
    prices,
    mirrors,
    overrides,
    route: policy.route,
    isSynced: (repository) =>
      repositories === undefined || repositories.some(({ name }) => matchesGlob(name, repository)),
    timeText: (ms) => `${new Date(ms).toISOString().slice(0, 16)}Z`,
  }
}
