import type { ServiceEvent } from '../core/event.ts'
import type { Metrics, MetricsDeps } from '../metrics/prometheus.ts'

/** From the first event to when the metrics that count it are loaded: until then clients come first. */
const afterMs = 100

/**
 * Metrics whose library is loaded a moment after the first event, or by the first scrape: it is no
 * part of an answer, and took a sixth of the CPU of a start. Events are kept until then, and none is
 * left out.
 */
export function createLateMetrics(deps: MetricsDeps): Metrics {
  let loading: Promise<Metrics> | undefined
  let metrics: Metrics | undefined
  let early: ServiceEvent[] = []

  const load = async () => {
    const { createMetrics } = await import('../metrics/prometheus.ts')
    metrics = createMetrics(deps)
    for (const event of early) metrics.record(event)
    early = []
    return metrics
  }
  return {
    record(event) {
      if (metrics !== undefined) return metrics.record(event)
      if (early.length === 0) setTimeout(() => void (loading ??= load()), afterMs).unref()
      early.push(event)
    },
    scrape: async () => (await (loading ??= load())).scrape(),
  }
}
