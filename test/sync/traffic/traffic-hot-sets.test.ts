import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import priceList from '../../../data/prices.json' with { type: 'json' }
import regionTable from '../../../data/regions.json' with { type: 'json' }
import type { Config } from '../../../src/config.ts'
import { parseConfig } from '../../../src/config.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import { exactDollars } from '../../../src/core/money.ts'
import { createPrices } from '../../../src/core/prices.ts'
import { createRegions } from '../../../src/core/regions.ts'
import { createRouter } from '../../../src/core/route.ts'
import { readTraffic } from '../../../src/sync/traffic/traffic.ts'
import type { HotSetChoice } from '../../../src/sync/traffic/traffic-hot-sets.ts'
import { chooseHotSets, wantedBy } from '../../../src/sync/traffic/traffic-hot-sets.ts'

const gib = 2 ** 30
const monthMs = 730 * 3_600_000
const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))
const sizes = new Map<Digest, number>([1, 2, 3, 4].map((n) => [digest(n), gib]))

type Asked = readonly [cloud: string, region: string, blob: number]

const whatPays = { bucket: 'images', holds: 'what-pays' }
const everything = { bucket: 'images' }

/** Chooses for these mirrors after a month in which each of these pulls came. */
async function choose(
  pulls: readonly Asked[],
  file: object,
  held: readonly number[] = [],
  change: (config: Config) => Config = (config) => config,
): Promise<Readonly<Record<string, HotSetChoice>>> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-hot-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const event = { event: 'request', method: 'GET', kind: 'blob', status: 307, sizeBytes: gib }
  const lines = pulls.map(([cloud, region, blob]) =>
    JSON.stringify({ ...event, timeMs: monthMs, reference: digest(blob), cloud, region }),
  )
  const path = join(folder, 'events.jsonl')
  await writeFile(path, ['{"event":"started","timeMs":0}', ...lines].join('\n'))

  const config = change(parseConfig({ ...file, sync: { traffic: [path] } }, 'the test'))
  const { mirrors, overrides, elsewhere } = config
  const regions = createRegions(regionTable.regions)
  const chosen = chooseHotSets(config, {
    traffic: await readTraffic([path], () => undefined),
    prices: createPrices(priceList),
    route: createRouter({ mirrors, overrides, elsewhere, regions }),
    sizeOf: (id) => sizes.get(id),
    listings: new Map([['aws/eu-west-1', new Map(held.map((n) => [digest(n), gib]))]]),
  })
  return Object.fromEntries(chosen)
}

const blobsOf = (choice: HotSetChoice | undefined) =>
  choice?.kind === 'chosen' ? [...choice.set.blobs.keys()] : choice?.problems

const upstreams = [{ registry: 'https://up.example', cloud: 'gcp' }]
const mirrors = [
  { id: 'aws/us-east-1', ...everything },
  { id: 'aws/eu-west-1', ...whatPays },
]

test('a mirror holds what its own region and those near it pull, and no other mirror’s', async () => {
  const chosen = await choose(
    [
      ['aws', 'eu-west-1', 1],
      ['aws', 'eu-west-2', 2],
      ['aws', 'us-east-1', 3],
      ['aws', 'us-west-2', 3],
    ],
    { upstreams, mirrors },
  )
  expect(Object.keys(chosen)).toEqual(['aws/eu-west-1'])
  expect(blobsOf(chosen['aws/eu-west-1'])).toEqual([digest(1), digest(2)])
  const { set } = chosen['aws/eu-west-1'] as Extract<HotSetChoice, { kind: 'chosen' }>
  expect([set.saved, set.storage, set.bringing].map(exactDollars)).toEqual([
    '0.22',
    '0.046',
    '0.04001',
  ])
})

test('clients in the upstream’s own cloud are not served by a mirror, unless configured', async () => {
  const inGcp = [{ id: 'gcp/us-central1', ...whatPays }]
  const pull: Asked = ['gcp', 'us-central1', 1]
  const regions = { 'gcp/us-central1': 'gcp/us-central1' }
  const chosen = await choose([pull, pull], { upstreams, mirrors: inGcp })
  expect(blobsOf(chosen['gcp/us-central1'])).toEqual([])
  const configured = await choose([pull, pull], { upstreams, mirrors: inGcp, regions })
  expect(blobsOf(configured['gcp/us-central1'])).toEqual([digest(1)])
})

test('callers nowhere known count for the mirror they are sent to', async () => {
  const file = { upstreams, mirrors, elsewhere: 'aws/eu-west-1' }
  const pulls = Array.from({ length: 4 }, (): Asked => ['', '', 4])
  expect(blobsOf((await choose(pulls, file))['aws/eu-west-1'])).toEqual([digest(4)])
})

test('what is brought from the upstream must pay for that, and what is held need not', async () => {
  const alone = [{ id: 'aws/eu-west-1', ...whatPays }]
  const pulls: readonly Asked[] = [['aws', 'eu-west-1', 1]]
  const chosen = await choose(pulls, { upstreams, mirrors: alone })
  expect(blobsOf(chosen['aws/eu-west-1'])).toEqual([])
  const held = await choose(pulls, { upstreams, mirrors: alone }, [1])
  expect(blobsOf(held['aws/eu-west-1'])).toEqual([digest(1)])
})

test('it is brought from where that is cheapest', async () => {
  const more = [{ id: 'aws/sa-east-1', ...everything }, ...mirrors]
  const chosen = await choose([['aws', 'eu-west-1', 1]], { upstreams, mirrors: more })
  expect(blobsOf(chosen['aws/eu-west-1'])).toEqual([digest(1)])
})

test('no traffic and no cloud are no reason to empty a mirror', async () => {
  const cloudless = (config: Config) => ({
    ...config,
    upstreams: config.upstreams.map((each) => ({ ...each, cloud: undefined })),
  })
  const chosen = await choose([], { upstreams, mirrors }, [], cloudless)
  expect(chosen['aws/eu-west-1']).toEqual({
    kind: 'unknown',
    problems: [
      'sync.traffic: wanted pulls of blobs, got none',
      'the upstream https://up.example: wanted its cloud, to price what it sends',
    ],
  })
})

test('a mirror wants the blobs that were chosen, and those it has where nobody can say', async () => {
  const listing = new Map([[digest(2), gib]])
  const pull: Asked = ['aws', 'eu-west-1', 1]
  const chosen = (await choose([pull], { upstreams, mirrors }))['aws/eu-west-1']!
  const unknown = (await choose([], { upstreams, mirrors }))['aws/eu-west-1']!
  expect([1, 2, 3].map(digest).map(wantedBy(chosen, listing))).toEqual([true, false, false])
  expect([1, 2, 3].map(digest).map(wantedBy(unknown, listing))).toEqual([false, true, false])
})

test('a store without prices cannot be reckoned with', async () => {
  const attic = { id: 'ceph/attic', endpoint: 'http://ceph.example', ...whatPays }
  const file = { upstreams, mirrors: [attic], regions: { 'aws/eu-west-1': 'ceph/attic' } }
  const chosen = await choose([['aws', 'eu-west-1', 1]], file)
  expect(blobsOf(chosen['ceph/attic'])).toContain('no price is known for storage in ceph/attic')
})

test('without a mirror that holds what pays there is nothing to choose', async () => {
  const file = { upstreams, mirrors: [{ id: 'aws/us-east-1', ...everything }] }
  expect(await choose([], file)).toEqual({})
})
