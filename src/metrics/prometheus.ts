import { Counter, Registry, collectDefaultMetrics } from '@prometheus-io/client'
import type { Accounting } from '../core/accounting.ts'
import type { IndexEvent, RequestEvent, ServiceEvent } from '../core/event.ts'
import type { TallyRow } from '../core/tally.ts'
import { addCertificateGauge } from './certificate-metrics.ts'
import { addConfigMetrics } from './config-metrics.ts'
import { RequestDurations } from './durations.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { createRangesCounters } from './ranges-metrics.ts'
import type { ServiceState } from './state-metrics.ts'
import { addStateMetrics } from './state-metrics.ts'
import { addTrafficMetrics } from './traffic-metrics.ts'

/** What is read at each scrape. */
export type MetricsDeps = {
  /** All requests that were counted. */
  readonly rows: () => readonly TallyRow[]
  readonly accounting: Accounting
  readonly state: () => ServiceState
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

/** What promtool takes offence at: gauges called totals, and names that say their type. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
]

/** Creates the metrics of a service. */
export function createMetrics({ rows, accounting, state, now }: MetricsDeps): Metrics {
  const registry = new Registry()
  // What is taken out below would be measured ten times a second all the same: 5 ms of CPU a second.
  collectDefaultMetrics({ register: registry, eventLoopUtilizationTimeout: 2 ** 31 - 1 })
  for (const name of misnamed) registry.removeSingleMetric(name)
  const registers = [registry]

  addTrafficMetrics(registers, rows, accounting)
  addStateMetrics(registers, state, now)
  const durations = new RequestDurations(registers)
  const failures = new Counter({
    name: 'nearport_request_failures_total',
    help: 'Requests in which the upstream or nearport itself went wrong.',
    labelNames: ['kind'],
    registers,
  })
  const manifests = new Counter({
    name: 'nearport_manifests_total',
    help: 'Manifests given where manifests are kept, by where they came from.',
    labelNames: ['source'],
    registers,
  })
  const refreshes = new Counter({
    name: 'nearport_index_refreshes_total',
    help: 'Looks for a newer index that were news, by what came of them.',
    labelNames: ['outcome'],
    registers,
  })
  const refreshProblems = new Counter({
    name: 'nearport_index_problems_total',
    help: 'Places that did not give a whole index when asked for one.',
    registers,
  })
  const movedIndexBytes = new Counter({
    name: 'nearport_index_moved_bytes_total',
    help: 'Bytes read of indexes, and of what changed in them.',
    registers,
  })
  const ranges = createRangesCounters(registers)
  const hearCertificate = addCertificateGauge(registers, now)
  const lost = new Counter({
    name: 'nearport_mirror_lost_total',
    help: 'Times that a mirror no longer held a blob it was known to hold.',
    labelNames: ['mirror'],
    registers,
  })

  const hearConfig = addConfigMetrics(registers)
  const hearProcess = addProcessMetrics(registers)

  return {
    record(event) {
      if (event.event === 'config') hearConfig(event)
      if (event.event === 'request') recordRequest(event)
      if (event.event === 'index') recordRefresh(event)
      if (event.event === 'ranges') ranges.count(event)
      if (event.event === 'certificate') hearCertificate(event)
      hearProcess(event)
      if (event.event === 'mirror-lost' || event.event === 'blob-lost') {
        lost.inc({ mirror: event.mirror })
      }
    },
    async scrape() {
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
  }

  function recordRequest(event: RequestEvent): void {
    durations.count(event.action, event.durationMs)
    if (event.source !== undefined && event.status < 400) manifests.inc({ source: event.source })
    if (event.error !== undefined) failures.inc({ kind: event.kind })
  }

  function recordRefresh(event: IndexEvent): void {
    refreshes.inc({ outcome: event.outcome })
    refreshProblems.inc(event.problems.length)
    movedIndexBytes.inc(event.movedBytes ?? 0)
  }
}
