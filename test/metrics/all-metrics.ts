import list from '../../data/prices.json' with { type: 'json' }
import { Registry } from '@prometheus-io/client'
import { createAccounting } from '../../src/core/accounting.ts'
import type { Digest } from '../../src/core/digest.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import { createPrices } from '../../src/core/prices.ts'
import type { SyncStep } from '../../src/core/sync-event.ts'
import { createTally } from '../../src/core/tally.ts'
import { createMetrics } from '../../src/metrics/prometheus.ts'
import { createGauges } from '../../src/metrics/sync-gauges.ts'
import { createSyncMetrics } from '../../src/metrics/sync-metrics.ts'
import { mirrorOf } from '../core/world.ts'

/** What `serve` exports when each thing that it counts has happened. */
export async function scrapeServe(): Promise<string> {
  const upstreams = [
    { repositories: '', registry: 'https://up.example', namespace: '', cloud: 'gcp' },
  ]
  const mirrors = [mirrorOf('aws/us-east-1')]
  const tally = createTally(() => upstreams)
  const metrics = createMetrics({
    rows: tally.rows,
    accounting: createAccounting({ prices: createPrices(list), upstreams, mirrors }),
    state: () => ({
      index: { generation: 7, blobs: 3, bytes: 400, checkedAtMs: 1000 },
      mirrors: [
        {
          id: 'aws/us-east-1',
          healthy: true,
          asked: { good: 3, slow: 1, failed: 1 },
          failoverSpent: 1n,
        },
      ],
      upstreams: [{ registry: 'https://up.example', up: true }],
      ranges: [{ cloud: 'aws', dateMs: 1000, refused: true }],
    }),
    now: () => 2000,
  })
  const pull: RequestEvent = {
    event: 'request',
    timeMs: 1,
    method: 'GET',
    kind: 'blob',
    repository: 'app',
    cloud: 'aws',
    region: 'us-east-1',
    action: 'mirror',
    reason: 'in-region',
    mirror: 'aws/us-east-1',
    status: 307,
    bytes: 1000,
    durationMs: 0.2,
  }
  const { bytes: _, ...unsized } = pull
  for (const event of [pull, unsized, { ...pull, mirror: 'aws/gone' }, { ...pull, error: 'why' }]) {
    tally.record(event)
    metrics.record(event)
  }
  metrics.record({ ...pull, kind: 'manifest', action: 'relay', reason: 'stale', source: 'stale' })
  metrics.record({ event: 'index', timeMs: 1, outcome: 'loaded', problems: ['why'] })
  const none = { ipv4: 0, ipv6: 0 }
  metrics.record({
    event: 'ranges',
    timeMs: 1,
    outcome: 'updated',
    cloud: 'aws',
    change: { before: none, gained: none, lost: none, movedIn: none, movedOut: none },
    problems: [],
  })
  metrics.record({ event: 'mirror-lost', timeMs: 1, mirror: 'aws/us-east-1' })
  const validTo = new Date(9000).toISOString()
  metrics.record({ event: 'certificate', timeMs: 1, outcome: 'taken', validTo })
  metrics.record({ event: 'config', timeMs: 1, outcome: 'taken', problems: [] })
  metrics.record({ event: 'started', timeMs: 1, processes: 2 })
  const out = { timeMs: 1, process: 1, how: 'SIGKILL', againMs: 0, listening: 1 }
  metrics.record({ event: 'process-out', ...out })
  return (await metrics.scrape()).text
}

/** What `sync`, `audit` and `prune` export when each thing that they count has happened. */
export async function scrapeSync(): Promise<string> {
  const metrics = createSyncMetrics(() => 1000)
  const mirror = 'aws/us-east-1'
  const digest = `sha256:${'a'.repeat(64)}` as Digest
  const steps: readonly SyncStep[] = [
    { step: 'selected', repositories: 1 },
    { step: 'walked', repository: 'app', tags: 1, manifests: 2, known: 1, blobs: 1, bytes: 1 },
    { step: 'ledger', how: 'read', manifests: 1, sizeBytes: 1 },
    { step: 'waiting', host: 'up.example', why: 'Retry-After', ms: 1000 },
    {
      step: 'planned',
      wantedBlobs: 1,
      wantedBytes: 1,
      upstreamReads: 1,
      upstreamBytes: 1,
      writes: 1,
      writtenBytes: 1,
    },
    { step: 'reading', digest, sizeBytes: 1 },
    {
      step: 'written',
      mirror,
      how: 'uploaded',
      from: 'upstream',
      digest,
      sizeBytes: 1,
      durationMs: 1,
    },
    { step: 'retried', mirror, digest, why: 'SlowDown' },
    { step: 'withheld', mirror, blobs: 1 },
    { step: 'cleared', mirror, uploads: 1 },
    { step: 'condemned', mirror, digest, sizeBytes: 1 },
    { step: 'problem', subject: 'app', message: 'why' },
    { step: 'published', how: 'new', generation: 1, blobs: 1, sizeBytes: 1, to: [mirror] },
  ]
  for (const step of steps) metrics.record({ event: 'sync', timeMs: 1000, ...step })
  metrics.end({
    dryRun: false,
    problems: [],
    upstreamBytes: 1,
    requests: { 'up.example': 1 },
    mirrors: [{ id: mirror, state: 'published', blobs: 1, bytes: 1 }],
  })
  return (await metrics.scrape()).text
}

/** The names of all gauges that a run may set: each is exported once it has been set. */
export async function allSyncGauges(): Promise<readonly string[]> {
  const registry = new Registry()
  for (const set of Object.values(createGauges(registry, 'nearport_sync'))) set(1)
  return [...(await registry.metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)
}
