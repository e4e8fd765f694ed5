import { expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import type { SyncStep } from '../../src/core/sync-event.ts'
import { createSyncMetrics } from '../../src/metrics/sync-metrics.ts'

/** The metrics of a run of half a minute, and what a scrape has. */
function measure(job?: string) {
  let timeMs = 1_000_000
  const metrics = createSyncMetrics(() => timeMs, job)
  return {
    ...metrics,
    step: (what: SyncStep) => metrics.record({ event: 'sync', timeMs, ...what }),
    pass: (ms: number) => (timeMs += ms),
    samples: async () => {
      const lines = (await metrics.scrape()).text.split('\n')
      return lines.filter((line) => line !== '' && !line.startsWith('#'))
    },
  }
}

const digest = `sha256:${'a'.repeat(64)}` as Digest
const other = `sha256:${'b'.repeat(64)}` as Digest
const written = (mirror: string, how: 'uploaded' | 'copied', from: string) =>
  ({ step: 'written', mirror, how, from, digest, sizeBytes: 100, durationMs: 5 }) as const

const ended = { dryRun: false, problems: [], upstreamBytes: 0, mirrors: [] }

test('before its end a run says when it began and nothing that it does not know', async () => {
  const { samples } = measure()
  expect(await samples()).toEqual([
    'nearport_sync_walked_repositories_total 0',
    'nearport_sync_upstream_read_bytes_total 0',
    'nearport_sync_problems_total 0',
    'nearport_sync_start_timestamp_seconds 1000',
  ])
})

test('manifests are counted by where they came from', async () => {
  const { step, samples } = measure()
  const walked = { step: 'walked', tags: 1, blobs: 1, bytes: 1 } as const
  step({ step: 'selected', repositories: 2 })
  step({ ...walked, repository: 'a', manifests: 5, known: 3 })
  step({ ...walked, repository: 'b', manifests: 4 })
  step({ step: 'ledger', how: 'absent', manifests: 0, sizeBytes: 0 })
  step({ step: 'ledger', how: 'written', manifests: 9, sizeBytes: 700 })
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'nearport_sync_repositories 2',
      'nearport_sync_walked_repositories_total 2',
      'nearport_sync_manifests_total{source="upstream"} 6',
      'nearport_sync_manifests_total{source="ledger"} 3',
      'nearport_sync_ledger_manifests 9',
      'nearport_sync_ledger_bytes 700',
    ]),
  )
})

test('a reading that several mirrors are written from counts once', async () => {
  const { step, samples } = measure()
  step({ step: 'reading', digest, sizeBytes: 100 })
  step(written('aws/a', 'uploaded', 'upstream'))
  step(written('aws/b', 'uploaded', 'upstream'))
  step(written('aws/c', 'copied', 'aws/a'))
  step({ step: 'retried', mirror: 'aws/c', digest, why: 'SlowDown' })
  const found = await samples()
  const bytes = 'nearport_sync_written_bytes_total'
  expect(found).toEqual(
    expect.arrayContaining([
      `${bytes}{mirror="aws/a",how="uploaded",source="upstream"} 100`,
      `${bytes}{mirror="aws/b",how="uploaded",source="upstream"} 100`,
      `${bytes}{mirror="aws/c",how="copied",source="mirror"} 100`,
      'nearport_sync_written_blobs_total{mirror="aws/c",how="copied",source="mirror"} 1',
      'nearport_sync_upstream_read_bytes_total 100',
      'nearport_sync_retries_total{mirror="aws/c"} 1',
    ]),
  )
})

test('what was read and came to nothing counts at the end', async () => {
  const { step, end, samples } = measure()
  step({ step: 'reading', digest, sizeBytes: 100 })
  step(written('aws/a', 'uploaded', 'upstream'))
  step({ step: 'reading', digest: other, sizeBytes: 100 })
  step({ step: 'problem', subject: `app@${other}`, message: 'cut off' })
  end({ ...ended, problems: [{}], upstreamBytes: 140, requests: { 'registry.example': 12 } })
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'nearport_sync_upstream_read_bytes_total 140',
      'nearport_sync_upstream_requests_total{host="registry.example"} 12',
      'nearport_sync_problems_total 1',
    ]),
  )
})

test('a wait that is made longer counts as long as it is, and each host has its own', async () => {
  const { step, pass, samples } = measure()
  const wait = (host: string, ms: number) => step({ step: 'waiting', host, why: 'Retry-After', ms })
  wait('a', 4000)
  wait('b', 500)
  pass(1000)
  wait('a', 2000)
  wait('a', 5000)
  wait('b', 500)
  expect((await samples()).filter((line) => line.includes('waiting'))).toEqual([
    'nearport_sync_waiting_seconds_total{host="a"} 6',
    'nearport_sync_waiting_seconds_total{host="b"} 1',
  ])
})

test('the end says when, for how long, and what the mirrors and the index are', async () => {
  const { step, pass, end, samples } = measure()
  step({
    step: 'planned',
    wantedBlobs: 1,
    wantedBytes: 2,
    upstreamReads: 3,
    upstreamBytes: 4,
    writes: 5,
    writtenBytes: 6,
  })
  step({ step: 'listed', mirror: 'aws/a', blobs: 1, bytes: 10 })
  step({ step: 'withheld', mirror: 'aws/a', blobs: 2 })
  step({ step: 'published', how: 'new', generation: 8, blobs: 9, sizeBytes: 70, to: ['aws/a'] })
  pass(30_000)
  end({ ...ended, mirrors: [{ id: 'aws/a', state: 'published', blobs: 3, bytes: 30 }] })
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'nearport_sync_wanted_blobs 1',
      'nearport_sync_wanted_bytes 2',
      'nearport_sync_planned_upstream_bytes 4',
      'nearport_sync_planned_writes 5',
      'nearport_sync_planned_written_bytes 6',
      'nearport_sync_withheld_blobs{mirror="aws/a"} 2',
      'nearport_sync_index_generation 8',
      'nearport_sync_index_blobs 9',
      'nearport_sync_index_bytes 70',
      'nearport_sync_mirror_blobs{mirror="aws/a"} 3',
      'nearport_sync_mirror_bytes{mirror="aws/a"} 30',
      'nearport_sync_mirror_state{mirror="aws/a",state="published"} 1',
      'nearport_sync_end_timestamp_seconds 1030',
      'nearport_sync_last_success_timestamp_seconds 1030',
      'nearport_sync_duration_seconds 30',
      'nearport_sync_success 1',
    ]),
  )
})

test.for<[string, object, string]>([
  ['with problems', { problems: [{}] }, 'nearport_sync_success 0'],
  ['that was dry', { dryRun: true }, 'nearport_sync_success 1'],
])('a run %s is not the last success', async ([, how, success]) => {
  const { end, samples } = measure()
  end({ ...ended, ...how })
  const found = await samples()
  expect(found).toContain(success)
  expect(found.join()).not.toContain('last_success')
})

test('another command has the same metrics by its own name', async () => {
  const { step, samples } = measure('nearport_prune')
  const blob = { mirror: 'aws/a', digest, sizeBytes: 100 }
  step({ step: 'condemned', ...blob })
  step({ step: 'deleted', ...blob })
  step({ step: 'deleted', ...blob })
  step({ step: 'cleared', mirror: 'aws/a', uploads: 3 })
  const found = await samples()
  expect(found.filter((line) => !line.startsWith('nearport_prune_'))).toEqual([])
  expect(found).toEqual(
    expect.arrayContaining([
      'nearport_prune_pruned_blobs_total{mirror="aws/a",how="condemned"} 1',
      'nearport_prune_pruned_blobs_total{mirror="aws/a",how="deleted"} 2',
      'nearport_prune_pruned_bytes_total{mirror="aws/a",how="deleted"} 200',
      'nearport_prune_cleared_uploads_total{mirror="aws/a"} 3',
      'nearport_prune_start_timestamp_seconds 1000',
    ]),
  )
})

test('no label is a digest or a repository', async () => {
  const { step, scrape } = measure()
  step({ step: 'walked', repository: 'team/app', tags: 1, manifests: 1, blobs: 1, bytes: 1 })
  step({ step: 'skipped', repository: 'team/app', digest, why: 'odd' })
  step({ step: 'reading', digest, sizeBytes: 100 })
  step({ step: 'progress', digest, bytes: 50 })
  step({ step: 'condemned', mirror: 'aws/a', digest, sizeBytes: 100 })
  step(written('aws/a', 'uploaded', 'upstream'))
  step({ step: 'retried', mirror: 'aws/a', digest, why: digest })
  step({ step: 'problem', subject: `team/app@${digest}`, message: digest })
  expect((await scrape()).text).not.toMatch(/sha256|team/)
})
