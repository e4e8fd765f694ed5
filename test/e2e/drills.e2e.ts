import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createClients } from './parts/clients.ts'
import type { Client } from './parts/clients/client.ts'
import { expectedContent } from './parts/clients/client.ts'
import type { Drill, Sight } from './parts/drill.ts'
import { sightText } from './parts/drill.ts'
import { everythingDrills } from './parts/drill-everything.ts'
import { configDrills, indexDrills, rangesDrills } from './parts/drill-lies.ts'
import { mirrorDrills } from './parts/drill-mirrors.ts'
import type { DrillRow } from './parts/drill-table.ts'
import { compareDrills } from './parts/drill-table.ts'
import { upstreamDrills } from './parts/drill-upstreams.ts'
import type { DrillWorld } from './parts/drill-world.ts'
import { startDrillWorld } from './parts/drill-world.ts'
import { hosts, service } from './parts/netns.ts'
import { waitUntil } from './parts/process.ts'

// Each thing that nearport stands on stops, is slow, and lies, one after the other. A real client pulls
// a real image meanwhile, and what operators see is read where they would.
const parts = inject('parts')
const clients = createClients(parts)
const containerd = clients.find(({ name }) => name === 'containerd')!
const quick = clients.find(({ name }) => name === 'crane') ?? clients[0]!
const image = parts.images['multi']!

const drills = [
  ...mirrorDrills,
  ...upstreamDrills,
  ...rangesDrills,
  ...indexDrills,
  ...configDrills,
  ...everythingDrills,
]
type NoImage = NonNullable<Drill['none']>

const rows: DrillRow[] = []
let world: DrillWorld
beforeAll(async () => {
  world = await startDrillWorld(parts)
  await pull(quick)
})
afterAll(() => world?.stop())

test.for(drills.map((drill) => [drill.what, drill.how, drill] as const))(
  '%s: %s',
  async ([what, how, drill]) => {
    const { sight, none } = drill
    const client = drill.client === undefined ? quick : containerd
    await world.mark()
    const before = typeof sight === 'string' ? 0 : await countOf(sight)
    try {
      await drill.begin(world, () => pull(quick))
      // What only a client's coming makes seen is seen after it.
      const isOfRequests = typeof sight === 'string' || sight.event[0] === 'request'
      if (!isOfRequests) await expectSeen(sight, before)
      const got = none === undefined ? await pull(client) : await expectNoImage(client, none)
      if (typeof sight !== 'string') await expectSeen(sight, before)
      expect(await world.serve.ready()).toBe(200)
      rows.push([what, how, got, sightText(sight)])
    } finally {
      for (const face of Object.values(world.faces)) await face.suffer(undefined)
      await drill.end?.(world)
      await waitUntil('both mirrors are back', async () => {
        const counts = ['aws/us-east-1', 'aws/eu-west-1'].map((mirror) =>
          world.serve.metric(`nearport_mirror_healthy{mirror="${mirror}"}`),
        )
        return (await Promise.all(counts)).every((count) => count === 1)
      })
    }
  },
)

test('docs/drills.md says what was seen', () => {
  const { said, found } = compareDrills(rows)
  expect(said).toBe(found)
})

test('every alert that is named there is one', async () => {
  const rules = await readFile('deploy/prometheus/alerts.rules.yaml', 'utf8')
  const named = drills.flatMap(({ sight }) =>
    typeof sight === 'string' ? [] : (sight.alert ?? []),
  )
  const known = [...rules.matchAll(/- alert: (\w+)$/gm)].map(([, name]) => name)
  expect(known).toEqual(expect.arrayContaining(named))
})

/** Pulls the image, all of it and nothing else; says where its blobs came from. */
async function pull(client: Client): Promise<string> {
  const { east, ireland, upstream, hub } = world.faces
  for (const face of [east, ireland, upstream, hub]) face.takeBlobs()
  const registry = `${service.names.v4}:8080`
  const { manifests, blobs } = await client.pull({ registry, image, host: hosts.awsEast })
  expect({ manifests, blobs }).toEqual(expectedContent(client, image))
  const from = [
    ...(east.takeBlobs().length > 0 ? ['aws/us-east-1'] : []),
    ...(ireland.takeBlobs().length > 0 ? ['aws/eu-west-1'] : []),
    ...(upstream.takeBlobs().length + hub.takeBlobs().length > 0 ? ['the upstream'] : []),
  ]
  return `the image, from ${from.join(' and ')}`
}

async function expectNoImage(client: Client, { why, said }: NoImage): Promise<string> {
  const failed = await pull(client).catch((error: unknown) => error)
  expect(String(failed)).toMatch(said)
  return `no image: ${why}`
}

async function countOf({ metric: [name] }: Sight): Promise<number> {
  return (await world.serve.metric(name)) ?? 0
}

async function expectSeen(sight: Sight, before: number): Promise<void> {
  const [name, is] = sight.metric
  await waitUntil(`${name} ${is}, from ${before}`, async () => {
    const now = await countOf(sight)
    return is === 'rises' ? now > before : now === is
  })
  await world.seen(...sight.event)
}
