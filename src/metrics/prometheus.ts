import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client'
import type { IndexEvent, RequestEvent, ServiceEvent } from '../core/event.ts'

/** What the gauges show, read at each scrape. */
export type MetricsDeps = {
  readonly index: () =>
    | { readonly generation: number; readonly blobs: number; readonly checkedAtMs: number }
    | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Events in, the Prometheus text format out. Labels are bounded: never a digest, an address or a
 * repository.
 */
export type Metrics = {
  readonly record: (event: ServiceEvent) => void
  /** The text of one scrape, and its media type. */
  readonly scrape: () => Promise<{ readonly text: string; readonly contentType: string }>
}

export function createMetrics(deps: MetricsDeps): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  const requests = new Counter({
    name: 'nearport_requests_total',
    help: 'Requests by what was asked, what was answered and why, and where the client is.',
    labelNames: ['kind', 'method', 'action', 'reason', 'mirror', 'cloud', 'region', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: 'nearport_request_duration_seconds',
    help: 'Time from the request to its answer.',
    labelNames: ['action'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 5],
    registers,
  })
  const failures = new Counter({
    name: 'nearport_request_failures_total',
    help: 'Requests in which the upstream or nearport itself went wrong.',
    labelNames: ['kind'],
    registers,
  })
  const refreshes = new Counter({
    name: 'nearport_index_refreshes_total',
    help: 'Looks for a newer index, by what came of them.',
    labelNames: ['outcome'],
    registers,
  })
  const refreshProblems = new Counter({
    name: 'nearport_index_problems_total',
    help: 'Places that did not give a whole index when asked for one.',
    registers,
  })
  const lost = new Counter({
    name: 'nearport_mirror_lost_total',
    help: 'Times that a mirror no longer held a blob it was known to hold.',
    labelNames: ['mirror'],
    registers,
  })
  addIndexGauges(registers, deps)

  return {
    record(event) {
      if (event.event === 'request') recordRequest(event)
      if (event.event === 'index') recordRefresh(event)
      if (event.event === 'mirror-lost') lost.inc({ mirror: event.mirror })
    },
    async scrape() {
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
  }

  function recordRequest(event: RequestEvent): void {
    requests.inc({
      kind: event.kind,
      method: event.method,
      action: event.action,
      reason: event.reason,
      mirror: event.mirror ?? '',
      cloud: event.cloud ?? '',
      region: event.region ?? '',
      status: String(event.status),
    })
    duration.observe({ action: event.action }, event.durationMs / 1000)
    if (event.error !== undefined) failures.inc({ kind: event.kind })
  }

  function recordRefresh(event: IndexEvent): void {
    refreshes.inc({ outcome: event.outcome })
    refreshProblems.inc(event.problems.length)
  }
}

function addIndexGauges(registers: Registry[], deps: MetricsDeps): void {
  const gauge = (
    name: string,
    help: string,
    value: (index: NonNullable<ReturnType<MetricsDeps['index']>>) => number,
  ) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const index = deps.index()
        // No index, no number: a zero would look like one.
        this.reset()
        if (index !== undefined) this.set(value(index))
        else this.remove()
      },
    })
  gauge('nearport_index_generation', 'The index in use, by its generation.', (i) => i.generation)
  gauge('nearport_index_blobs', 'Blobs in the index in use.', (i) => i.blobs)
  gauge(
    'nearport_index_age_seconds',
    'Time since sync last found the mirrors to be as the index says.',
    (i) => (deps.now() - i.checkedAtMs) / 1000,
  )
}
