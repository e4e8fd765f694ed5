import type { Config } from '../config.ts'
import type { Accounting } from '../core/accounting.ts'
import { createAccounting } from '../core/accounting.ts'
import { matchesGlob } from '../core/glob.ts'
import type { Policy } from '../core/policy.ts'
import type { ReportDeps } from '../metrics/report.ts'

/** The accounting that a configuration makes. */
export function createConfiguredAccounting(config: Config): Accounting {
  const { prices, upstreams, mirrors, accounting } = config
  return createAccounting({ prices, upstreams, mirrors, ...accounting })
}

/** What missed savings go by, as far as the configuration tells it. */
export function createSavingsTerms(
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
