import type { Config } from '../config.ts'
import type { Accounting } from '../core/accounting.ts'
import type { Policy } from '../core/policy.ts'
import type { ServiceEvent } from '../core/event.ts'
import type { Metrics } from '../metrics/prometheus.ts'
import type { ReportDeps } from '../metrics/report.ts'
import type { ServiceState } from '../metrics/state-metrics.ts'
import { createTrafficRecord } from '../metrics/traffic-record.ts'
import type { IndexKeeper } from '../proxy/index-keeper.ts'
import type { UpstreamHealth } from '../proxy/upstream/health.ts'
import type { MirrorState } from './mirrors/mirror-health.ts'
import { createMirrorHealth } from './mirrors/mirror-health.ts'
import type { MirrorWatching } from './mirrors/mirror-watching.ts'
import { createLateMetrics } from './late-metrics.ts'
import { createConfiguredAccounting, createSavingsTerms } from './report-terms.ts'

/** What operators are shown is made from these. */
export type Operators = {
  /** To be told of every event. */
  readonly record: (event: ServiceEvent) => void
  readonly scrape: Metrics['scrape']
  /** Whether clients are sent to each mirror. */
  readonly mirrors: () => readonly MirrorState[]
  readonly report: ReportDeps
}

/** What operators are shown of: the configuration in use, and what came of it. */
export type Shown = {
  readonly config: Config
  readonly policy: Policy
  readonly ranges: { readonly states: () => ServiceState['ranges'] }
  readonly upstreamHealth: Pick<UpstreamHealth, 'all'>
  /** Where an index is kept. */
  readonly keeper: IndexKeeper | undefined
  /** Where mirrors are asked whether they serve. */
  readonly watching?: Pick<MirrorWatching, 'figures' | 'out'>
}

export type OperatorsDeps = {
  /** As it is now: a configuration may take the place of another. */
  readonly shown: () => Shown
  readonly now: () => number
}

/** Counts what happens, and turns it into metrics and reports. What was counted outlives a configuration. */
export function createOperators({ shown, now }: OperatorsDeps): Operators {
  const traffic = createTrafficRecord(() => shown().config.upstreams, now)
  const made = perConfig(shown, ({ config, keeper, watching }) => {
    const health = createMirrorHealth(config.mirrors, config.presence, () => keeper?.state(), now)
    // What was loaded before anyone looked is as good as what is loaded now.
    if (keeper?.state() !== undefined) {
      health.record({ event: 'index', timeMs: now(), outcome: 'loaded', problems: [] })
    }
    for (const event of watching?.out() ?? []) health.record(event)
    return { health, accounting: createConfiguredAccounting(config) }
  })
  const mirrorFigures = () => {
    const watched = shown().watching?.figures()
    return made()
      .health.all()
      .map((each) => ({ ...each, ...watched?.get(each.id) }))
  }
  const state = (): ServiceState => ({
    index: shown().keeper?.state(),
    mirrors: mirrorFigures(),
    upstreams: shown().upstreamHealth.all(),
    ranges: shown().ranges.states(),
  })
  const accounting: Accounting = {
    moneyOf: (row) => made().accounting.moneyOf(row),
    upstreamPrice: (row) => made().accounting.upstreamPrice(row),
    mirrorPrice: (...of) => made().accounting.mirrorPrice(...of),
  }
  const metrics = createLateMetrics({ rows: traffic.rows, accounting, state, now })

  return {
    record(event) {
      if (event.event === 'request') traffic.record(event)
      made().health.record(event)
      metrics.record(event)
    },
    scrape: metrics.scrape,
    mirrors: () => made().health.all(),
    report: {
      traffic,
      accounting,
      state,
      savings() {
        const { config, policy, keeper } = shown()
        return { ...createSavingsTerms(config, policy), heldBytes: keeper?.heldBytes() }
      },
      unhealthySinceMs: () => made().health.unhealthySinceMs(),
      now,
    },
  }
}

/** What is made of a configuration, anew for each. */
function perConfig<T>(shown: () => Shown, make: (of: Shown) => T): () => T {
  let of = shown()
  let made = make(of)
  return () => {
    const now = shown()
    if (now !== of) {
      of = now
      made = make(of)
    }
    return made
  }
}
