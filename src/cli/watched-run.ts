import type { SyncOutcome } from '../metrics/sync-metrics.ts'
import { createSyncMetrics } from '../metrics/sync-metrics.ts'
import type { RunMetricsSettings } from '../runtime/run-metrics.ts'
import { createRunMetrics } from '../runtime/run-metrics.ts'
import type { SyncDeps } from '../sync/session.ts'
import type { Terminal } from './command.ts'
import { createSyncProgress } from './sync-progress.ts'

/** How a run over the mirrors is named where its metrics go, and where that is. */
export type WatchSettings = {
  /** What its metrics begin with, and what it is called at a Pushgateway: `nearport_sync`. */
  readonly job: string
  /** Tells apart those who share one job. */
  readonly instance?: string | undefined
  readonly settings: RunMetricsSettings
}

/**
 * Makes a run that is shown on standard error and measured while it goes on; its `say` is for what
 * is no step of it. However it ends, what shows it ends too, and its metrics say whether it failed.
 * Rejects as the run does, and where the metrics port cannot be had.
 */
export async function watchRun<S>(
  terminal: Terminal,
  { job, instance, settings }: WatchSettings,
  run: (deps: SyncDeps, say: (text: string) => void) => Promise<S>,
  outcomeOf: (summary: S) => SyncOutcome,
): Promise<S> {
  const { env, stop } = terminal
  const metrics = createSyncMetrics(Date.now, job)
  const progress = createSyncProgress(terminal)
  const { scrape } = metrics
  const record: SyncDeps['record'] = (event) => {
    metrics.record(event)
    progress.record(event)
  }
  try {
    const seen = await createRunMetrics(settings, { job, instance, scrape, say: progress.say })
    let outcome = thrown
    try {
      const summary = await run({ now: Date.now, env, stop, record }, progress.say)
      outcome = outcomeOf(summary)
      return summary
    } finally {
      metrics.end(outcome)
      await seen.end()
    }
  } finally {
    progress.end()
  }
}

/** Of a run that threw no more is known than that it failed. */
const thrown: SyncOutcome = {
  dryRun: false,
  problems: ['it threw'],
  upstreamBytes: 0,
  mirrors: [],
}
