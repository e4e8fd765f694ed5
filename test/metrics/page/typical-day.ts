import priceList from '../../../data/prices.json' with { type: 'json' }
import { createAccounting } from '../../../src/core/accounting.ts'
import type { RequestEvent } from '../../../src/core/event.ts'
import { createPrices } from '../../../src/core/prices.ts'
import type { Report } from '../../../src/metrics/report.ts'
import { makeReport } from '../../../src/metrics/report.ts'
import { createTrafficRecord } from '../../../src/metrics/traffic-record.ts'
import { mirrorOf, worldPolicy } from '../../core/world.ts'

/** The moment a typical day ends at. */
export const typicalNowMs = Date.UTC(2026, 10, 25, 14, 20)

const hourMs = 3_600_000
const mirrors = ['aws/us-east-1', 'aws/us-west-2', 'aws/eu-west-1', 'aws/ap-northeast-1']
const outMs = typicalNowMs - 2 * hourMs

type Went = Pick<RequestEvent, 'action' | 'reason' | 'mirror'>
const to = (mirror: string, reason: RequestEvent['reason']): Went => ({
  action: 'mirror',
  reason,
  mirror,
})
const upstream = (reason: RequestEvent['reason']): Went => ({ action: 'upstream', reason })

/** Who pulls, how many of a thousand pulls, and which way they go. */
const places: readonly (readonly [location: string, share: number, (atMs: number) => Went])[] = [
  ['aws/us-east-1', 260, () => to('aws/us-east-1', 'in-region')],
  ['aws/us-west-2', 170, () => to('aws/us-west-2', 'in-region')],
  ['aws/eu-west-1', 120, () => to('aws/eu-west-1', 'in-region')],
  ['aws/ap-south-1', 80, () => upstream('no-mirror')],
  [
    'aws/ap-northeast-1',
    70,
    (atMs) => (atMs > outMs ? upstream('unhealthy') : to('aws/ap-northeast-1', 'in-region')),
  ],
  ['aws/eu-central-1', 60, () => to('aws/eu-west-1', 'nearest')],
  ['-', 60, () => upstream('no-location')],
  ['gcp/us-central1', 50, () => upstream('same-cloud')],
  ['aws/us-east-2', 40, () => to('aws/us-east-1', 'nearest')],
  ['azure/westeurope', 22, () => upstream('no-location')],
  ['gcp/europe-west1', 18, () => upstream('same-cloud')],
  ...[
    'sa-east-1',
    'ca-central-1',
    'eu-west-2',
    'eu-north-1',
    'ap-southeast-1',
    'ap-southeast-2',
  ].map(
    (region, index) => [`aws/${region}`, 11 - index, () => to('aws/us-east-1', 'nearest')] as const,
  ),
]
const repositories = [
  'kube-proxy',
  'pause',
  'coredns/coredns',
  'ingress-nginx/controller',
  'etcd',
  'metrics-server/metrics-server',
  'sig-storage/csi-node-driver-registrar',
  'autoscaling/cluster-autoscaler',
]

/** A report of thirty hours of a public registry's pulls, made by what makes every report. */
export function typicalReport(): Report {
  let nowMs = typicalNowMs - 30 * hourMs
  const { upstreams, route } = worldPolicy({ ids: mirrors })
  const traffic = createTrafficRecord(
    () => upstreams,
    () => nowMs,
  )
  const random = createRandom(7)
  for (; nowMs < typicalNowMs; nowMs += 2000 + random() * 2000) {
    const hour = (nowMs / hourMs) % 24
    const busy = 0.55 + 0.45 * Math.sin(((hour - 8) / 24) * 2 * Math.PI)
    if (random() < busy) traffic.record(pull(nowMs, random))
  }
  nowMs = typicalNowMs

  const world = { prices: createPrices(priceList), mirrors: mirrors.map(mirrorOf) }
  const out = new Map([['aws/ap-northeast-1', outMs]])
  return makeReport({
    traffic,
    accounting: createAccounting({ ...world, upstreams }),
    state: () => ({
      index: { generation: 214, blobs: 31_402, bytes: 660_114, checkedAtMs: nowMs - 9 * 60_000 },
      mirrors: mirrors.map((id) => ({ id, healthy: !out.has(id) })),
      upstreams: [],
      ranges: ['aws', 'gcp', 'azure'].map((cloud, index) => ({
        cloud,
        dateMs: nowMs - (3 + index * 4) * 24 * hourMs,
      })),
    }),
    savings: () => ({
      ...world,
      overrides: {},
      heldBytes: 1_520_000_000_000,
      isSynced: (name) => name !== 'autoscaling/cluster-autoscaler',
      route,
      timeText: (ms) => `${new Date(ms).toISOString().slice(0, 16)}Z`,
    }),
    unhealthySinceMs: () => out,
    now: () => nowMs,
  })
}

function pull(timeMs: number, random: () => number): RequestEvent {
  const sizes = [40e6, 120e6, 300e6, 900e6]
  const repository = repositories[Math.floor(random() ** 2 * repositories.length)]!
  const isNew = repository === 'autoscaling/cluster-autoscaler'
  const [location, , goes] = choose(random)
  const [cloud, region] = location.split('/')
  const went = goes(timeMs)
  const bytes = Math.round(sizes[Math.floor(random() * sizes.length)]! * (0.5 + random()))
  return {
    event: 'request',
    timeMs,
    method: 'GET',
    kind: 'blob',
    repository: `images/${repository}`,
    ...(region !== undefined && { cloud: cloud!, region }),
    ...(isNew && went.action === 'mirror' ? upstream('not-mirrored') : went),
    status: 307,
    durationMs: 0.1,
    // No index has what no mirror holds.
    ...(!isNew && { bytes }),
  }
}

function choose(random: () => number): (typeof places)[number] {
  let left = random() * places.reduce((sum, [, share]) => sum + share, 0)
  return places.find(([, share]) => (left -= share) < 0) ?? places[0]!
}

/** The same numbers at each run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
