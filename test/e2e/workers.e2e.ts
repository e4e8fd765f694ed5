import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { bundleWorker } from '../workerd/parts/bundle.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import type { Host } from './parts/netns.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, eventsIn, startMirrors } from './parts/nearport.ts'
import type { RunningProcess } from './parts/process.ts'
import { waitUntil } from './parts/process.ts'
import { contentOf, expectFrom, follow } from './parts/served.ts'
import type { MirrorId } from './parts/setup.ts'
import { startWranglerDev } from './parts/wrangler-dev.ts'

// Real clients, at published addresses, pull through the Worker in Cloudflare's runtime, with Ceph's
// buckets as mirrors.
const parts = inject('parts')
const clients = createClients(parts)
let mirrors: Mirrors
let nearport: Nearport
let worker: RunningProcess

beforeAll(async () => {
  mirrors = await startMirrors(parts, 'workers', 8181)
  nearport = await configureNearport(parts, 'workers', mirrors.faces)
  const { exitCode, problems } = await nearport.sync()
  if (exitCode !== 0) throw new Error(`wanted a sync, got ${JSON.stringify(problems)}`)
  worker = await startWranglerDev(join(parts.scratch, 'wrangler-dev'), nearport.configFile)
  const log = async () => eventsIn(await readFile(worker.log, 'utf8'))
  await waitUntil('the Worker has an index', async () =>
    (await log()).some(({ outcome }) => outcome === 'loaded'),
  )
}, 180_000)
afterAll(async () => {
  await worker?.stop()
  await mirrors?.stop()
})

test('wrangler makes the Worker of it with no network, and says how large it is', async () => {
  const { output, compressedBytes } = await bundleWorker(nearport.configFile)
  const [size] = /Total Upload: .+/.exec(output) ?? []
  console.log(`wrangler deploy --dry-run: ${size}`)
  expect(size).toBeDefined()
  expect(compressedBytes).toBeLessThanOrEqual(250_000)
})

const places: readonly (readonly [Host, MirrorId | 'upstream'])[] = [
  [hosts.awsEast, 'aws/us-east-1'],
  [hosts.awsIreland, 'aws/eu-west-1'],
  [hosts.gcpCentral, 'upstream'],
  [hosts.nowhere, 'upstream'],
]
test.for(
  clients.flatMap((client) =>
    places.flatMap(([host, where]) =>
      (['v4', 'v6'] as const).map(
        (family) => [client.name, host.name, family, where, client, host] as const,
      ),
    ),
  ),
)('%s in %s over %s gets its blobs from %s', async ([, , family, where, client, host]) => {
  const image = parts.images['multi']!
  const registry = `${service.names[family]}:8080`
  const pull = () => client.pull({ registry, image, host })
  const { result, served } = await follow(parts, mirrors.faces, pull)
  expect(contentOf(result)).toEqual(expectedContent(client, image))
  expectFrom(served, where, result, host.v4, host.v6)
})

test('the Worker says the same of itself: the reasons, and no address', async () => {
  const events = eventsIn(await readFile(worker.log, 'utf8'))
  const reasons = new Set(events.map(({ reason }) => reason))
  for (const reason of ['in-region', 'same-cloud', 'no-location', 'manifest']) {
    expect(reasons).toContain(reason)
  }
  const told = JSON.stringify(events)
  for (const { v4, v6 } of Object.values(hosts)) {
    expect(told).not.toContain(v4)
    expect(told).not.toContain(v6)
  }
})
