import list from '../../data/prices.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { createAccounting } from '../../src/core/accounting.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import { createPrices } from '../../src/core/prices.ts'
import { createTally } from '../../src/core/tally.ts'
import { createMetrics } from '../../src/metrics/prometheus.ts'
import type { ServiceState } from '../../src/metrics/state-metrics.ts'
import { mirrorOf } from '../core/world.ts'

const gib = 2 ** 30
const upstreams = [
  { repositories: '', registry: 'https://up.example', namespace: '', cloud: 'gcp' },
]
const mirrors = ['aws/us-east-1', 'aws/eu-west-1'].map(mirrorOf)
const healthy: ServiceState = {
  index: { generation: 7, blobs: 3, bytes: 400, checkedAtMs: 40_000 },
  mirrors: [
    { id: 'aws/us-east-1', healthy: true },
    { id: 'aws/eu-west-1', healthy: false },
  ],
  upstreams: [
    { registry: 'https://a.example', up: true },
    { registry: 'https://b.example', up: false },
  ],
  ranges: [{ cloud: 'aws', dateMs: 0 }],
}
const pull: RequestEvent = {
  event: 'request',
  timeMs: 1,
  method: 'GET',
  kind: 'blob',
  repository: 'app',
  reference: `sha256:${'a'.repeat(64)}`,
  cloud: 'aws',
  region: 'us-east-1',
  action: 'mirror',
  reason: 'in-region',
  mirror: 'aws/us-east-1',
  status: 307,
  bytes: 1000 * gib,
  durationMs: 0.2,
}

function createWorld(state: ServiceState = healthy) {
  const tally = createTally(() => upstreams)
  const accounting = createAccounting({ prices: createPrices(list), upstreams, mirrors })
  const metrics = createMetrics({
    rows: tally.rows,
    accounting,
    state: () => state,
    now: () => 100_000,
  })
  return {
    record: (change: Partial<RequestEvent> = {}) => {
      tally.record({ ...pull, ...change })
      metrics.record({ ...pull, ...change })
    },
    metrics,
    line: async (start: string) => {
      const { text } = await metrics.scrape()
      return text.split('\n').filter((line) => line.startsWith(start))
    },
  }
}

test('bytes and dollars are counted by the way they went', async () => {
  const { record, line } = createWorld()
  record()
  record({ action: 'upstream', reason: 'not-mirrored', mirror: undefined as never })
  expect(await line('nearport_blob_bytes_total')).toEqual([
    `nearport_blob_bytes_total{action="mirror",reason="in-region",mirror="aws/us-east-1",cloud="aws",region="us-east-1"} ${1000 * gib}`,
    `nearport_blob_bytes_total{action="upstream",reason="not-mirrored",mirror="",cloud="aws",region="us-east-1"} ${1000 * gib}`,
  ])
  expect(await line('nearport_avoided_dollars_total')).toEqual([
    'nearport_avoided_dollars_total{mirror="aws/us-east-1",cloud="aws",region="us-east-1"} 80',
  ])
  // One GET of a mirror is four ten-millionths of a dollar.
  expect(await line('nearport_spent_dollars_total')).toEqual([
    'nearport_spent_dollars_total{action="mirror",mirror="aws/us-east-1",cloud="aws",region="us-east-1"} 4e-7',
    'nearport_spent_dollars_total{action="upstream",mirror="",cloud="aws",region="us-east-1"} 80',
  ])
})

test('a scrape counts nothing twice', async () => {
  const { record, line } = createWorld()
  record()
  const first = await line('nearport_')
  expect(await line('nearport_')).toEqual(first)
  record()
  expect(await line('nearport_requests_total')).toEqual([expect.stringMatching(/ 2$/)])
})

test('what has no size or no price is told as such', async () => {
  const { record, line } = createWorld()
  record({ bytes: undefined as never })
  record({ mirror: 'aws/gone' })
  expect(await line('nearport_unsized_blob_requests_total')).toEqual([
    expect.stringContaining('mirror="aws/us-east-1",cloud="aws",region="us-east-1"} 1'),
  ])
  expect(await line('nearport_unpriced_bytes_total')).toEqual([
    expect.stringContaining(`mirror="aws/gone",cloud="aws",region="us-east-1"} ${1000 * gib}`),
  ])
})

test('what the service stands on is told with its age', async () => {
  const { line } = createWorld()
  expect(await line('nearport_index_')).toEqual(
    expect.arrayContaining([
      'nearport_index_generation 7',
      'nearport_index_blobs 3',
      'nearport_index_size_bytes 400',
      'nearport_index_age_seconds 60',
    ]),
  )
  expect(await line('nearport_mirror_healthy')).toEqual([
    'nearport_mirror_healthy{mirror="aws/us-east-1"} 1',
    'nearport_mirror_healthy{mirror="aws/eu-west-1"} 0',
  ])
  expect(await line('nearport_ranges_age_seconds')).toEqual([
    'nearport_ranges_age_seconds{cloud="aws"} 100',
  ])
})

test('no index has no number', async () => {
  const { line } = createWorld({ ...healthy, index: undefined })
  expect(await line('nearport_index_generation')).toEqual([])
})

test('no digest and no repository is a label, whatever is asked', async () => {
  const { record, metrics } = createWorld()
  for (let at = 0; at < 1000; at++) {
    record({ repository: `made-up/${at}`, reference: `sha256:${String(at).padStart(64, '0')}` })
  }
  const { text } = await metrics.scrape()
  expect(text).not.toMatch(/made-up|sha256:/)
  expect(text.split('\n').filter((line) => line.startsWith('nearport_requests')).length).toBe(1)
})
