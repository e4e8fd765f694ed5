import { Registry } from '@prometheus-io/client'
import type { SyncEvent } from '../core/sync-event.ts'
import { createCounters } from './sync-counters.ts'
import { createGauges } from './sync-gauges.ts'

/**
 * A run's events in, the Prometheus text format out. Labels are bounded: mirrors, hosts and closed
 * lists of words; never a digest or a repository.
 */
export type SyncMetrics = {
  readonly record: (event: SyncEvent) => void
  /** Says how the run ended; what was counted by events stays. */
  readonly end: (outcome: SyncOutcome) => void
  readonly scrape: () => Promise<{ readonly text: string; readonly contentType: string }>
}

/** Of a run's summary, what is measured. */
export type SyncOutcome = {
  readonly dryRun: boolean
  readonly problems: readonly unknown[]
  readonly upstreamBytes: number
  /** Requests to upstreams, by host. */
  readonly requests?: Readonly<Record<string, number>> | undefined
  readonly mirrors: readonly {
    readonly id: string
    readonly state: string
    readonly blobs: number
    readonly bytes: number
  }[]
}

/**
 * Creates the metrics of one run, which begins now. `now` is in milliseconds since 1970; `job` is
 * what their names begin with, as other commands leave the same events.
 */
export function createSyncMetrics(now: () => number, job = 'nearport_sync'): SyncMetrics {
  const registry = new Registry()
  const set = createGauges(registry, job)
  const counters = createCounters(registry, job)
  const startMs = now()
  set.start(startMs / 1000)
  /** Of blobs on their way, those whose bytes were not counted yet. */
  const reading = new Set<string>()
  const waitsUntilMs = new Map<string, number>()
  let readBytes = 0

  return {
    record,
    end,
    async scrape() {
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
  }

  function record(event: SyncEvent): void {
    switch (event.step) {
      case 'selected':
        set.repositories(event.repositories)
        break
      case 'walked':
        recordWalked(event)
        break
      case 'ledger':
        if (event.how === 'read' || event.how === 'written') {
          set.ledgerManifests(event.manifests)
          set.ledgerBytes(event.sizeBytes)
        }
        break
      case 'waiting':
        recordWait(event)
        break
      case 'planned':
        set.wantedBlobs(event.wantedBlobs)
        set.wantedBytes(event.wantedBytes)
        set.plannedWrites(event.writes)
        set.plannedWrittenBytes(event.writtenBytes)
        set.plannedUpstreamBytes(event.upstreamBytes)
        break
      case 'listed':
        set.mirrorBlobs(event.blobs, { mirror: event.mirror })
        set.mirrorBytes(event.bytes, { mirror: event.mirror })
        break
      case 'reading':
        reading.add(event.digest)
        break
      case 'written':
        recordWritten(event)
        break
      case 'retried':
        counters.retries.inc({ mirror: event.mirror })
        break
      case 'withheld':
        set.withheldBlobs(event.blobs, { mirror: event.mirror })
        break
      case 'cleared':
        counters.clearedUploads.inc({ mirror: event.mirror }, event.uploads)
        break
      case 'condemned':
      case 'deleted':
        counters.prunedBlobs.inc({ mirror: event.mirror, how: event.step })
        counters.prunedBytes.inc({ mirror: event.mirror, how: event.step }, event.sizeBytes)
        break
      case 'problem':
        counters.problems.inc()
        for (const digest of reading) if (event.subject.includes(digest)) reading.delete(digest)
        break
      case 'published':
        set.indexGeneration(event.generation)
        set.indexBlobs(event.blobs)
        set.indexBytes(event.sizeBytes)
        break
      case 'pinned':
        set.indexGeneration(event.generation)
        break
      case 'chosen':
      case 'skipped':
      case 'claimed':
      case 'canary':
      case 'progress':
      case 'shard-ended':
        break
    }
  }

  function recordWalked({ manifests, known = 0 }: Extract<SyncEvent, { step: 'walked' }>): void {
    counters.repositories.inc()
    counters.manifests.inc({ source: 'upstream' }, manifests - known)
    counters.manifests.inc({ source: 'ledger' }, known)
  }

  function recordWait({ host, timeMs, ms }: Extract<SyncEvent, { step: 'waiting' }>): void {
    // A wait that is made longer is one wait.
    const toldMs = Math.max(0, (waitsUntilMs.get(host) ?? timeMs) - timeMs)
    if (ms <= toldMs) return
    counters.waits.inc({ host }, (ms - toldMs) / 1000)
    waitsUntilMs.set(host, timeMs + ms)
  }

  function recordWritten(event: Extract<SyncEvent, { step: 'written' }>): void {
    const { mirror, how, digest, sizeBytes } = event
    const source = event.from === 'upstream' ? 'upstream' : 'mirror'
    counters.writtenBlobs.inc({ mirror, how, source })
    counters.writtenBytes.inc({ mirror, how, source }, sizeBytes)
    // Several mirrors may be written to from one reading.
    if (reading.delete(digest) && source === 'upstream') addRead(sizeBytes)
  }

  function addRead(bytes: number): void {
    readBytes += bytes
    counters.readBytes.inc(bytes)
  }

  function end({ dryRun, problems, upstreamBytes, requests = {}, mirrors }: SyncOutcome): void {
    const endMs = now()
    set.end(endMs / 1000)
    set.duration((endMs - startMs) / 1000)
    const succeeded = problems.length === 0
    set.success(succeeded ? 1 : 0)
    if (succeeded && !dryRun) set.lastSuccess(endMs / 1000)
    // Readings that came to nothing count too, and are known only now.
    addRead(Math.max(0, upstreamBytes - readBytes))
    for (const [host, count] of Object.entries(requests)) counters.requests.inc({ host }, count)
    for (const { id: mirror, state, blobs, bytes } of mirrors) {
      set.mirrorState(1, { mirror, state })
      set.mirrorBlobs(blobs, { mirror })
      set.mirrorBytes(bytes, { mirror })
    }
  }
}
