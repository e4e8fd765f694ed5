import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createMirrorBucket } from './parts/buckets.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import type { Nearport } from './parts/nearport.ts'
import { configureNearport, eventsIn } from './parts/nearport.ts'
import { hosts, service } from './parts/netns.ts'
import type { MirrorFace } from './parts/nginx.ts'
import { blobsOf, readMirrorLog, startNginx } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { waitUntil } from './parts/process.ts'

// A mirror stops and comes back, and gets slow: every client still gets its image, from the next.
const parts = inject('parts')
const clients = createClients(parts)
const image = parts.images['multi']!
const health = { everySeconds: 0.5, timeoutMs: 3000, slowMs: 1000, failures: 3, successes: 2 }
const eastPort = 8211
type Face = Stoppable & { readonly face: MirrorFace }
let east: Face
let ireland: Face
let nearport: Nearport
let serving: Stoppable & { readonly log: string }

beforeAll(async () => {
  for (const region of ['us-east-1', 'eu-west-1']) {
    await createMirrorBucket(parts.store, `health-${region}`)
  }
  east = await startFace('us-east-1', eastPort)
  ireland = await startFace('eu-west-1', eastPort + 1)
  const faces = { 'aws/us-east-1': east.face, 'aws/eu-west-1': ireland.face }
  // No newer index tells of what is found out here.
  const changes = { health, index: { refreshSeconds: 1000 } }
  nearport = await configureNearport(parts, 'health', faces, changes)
  const { exitCode } = await nearport.sync()
  if (exitCode !== 0) throw new Error('wanted a sync that fills both mirrors, got one that failed')
  serving = await nearport.serve()
})
afterAll(async () => {
  for (const part of [serving, east, ireland]) await part?.stop()
})

test('a mirror that stops is out as soon as is said, and everyone pulls from the next', async () => {
  await expectPulls(clients.slice(0, 1), east)
  await east.stop()
  const stoppedMs = performance.now()
  await waitForEvent('mirror-out', 1)
  const foundOutMs = performance.now() - stoppedMs
  // The time between two questions differs by a tenth; and who tells of it takes a moment.
  expect(foundOutMs).toBeLessThan(1.1 * health.everySeconds * health.failures * 1000 + 1000)
  await expectPulls(clients, ireland)
})

test('when it is back, everyone pulls from it again', async () => {
  east = await startFace('us-east-1', eastPort)
  await waitForEvent('mirror-back', 1)
  await expectPulls(clients, east)
})

test('one that gets slow is out, too, though it gives everything', async () => {
  await east.stop()
  // Soon enough that it is not the gap between the two that puts it out.
  const slow = await startSlowFace(eastPort, 1500)
  try {
    await waitForEvent('mirror-out', 2)
    const { why } = (await eventsNamed('mirror-out'))[1]!
    expect(why).toMatch(
      /^too many of the last 20 questions failed or took too long, .*took 1\d{3} ms$/,
    )
    await expectPulls(clients, ireland)
  } finally {
    await slow.stop()
  }
})

async function expectPulls(all: typeof clients, from: Face): Promise<void> {
  for (const client of all) {
    const before = await readMirrorLog(from.face)
    const { manifests, blobs } = await client.pull({
      registry: `${service.names.both}:8080`,
      image,
      host: hosts.awsEast,
    })
    expect({ manifests, blobs }, client.name).toEqual(expectedContent(client, image))
    const served = blobsOf((await readMirrorLog(from.face)).slice(before.length))
    expect(new Set(served), client.name).toEqual(new Set(blobs))
  }
}

async function eventsNamed(name: string) {
  return eventsIn(await readFile(serving.log, 'utf8')).filter(({ event }) => event === name)
}

async function waitForEvent(name: string, times: number): Promise<void> {
  await waitUntil(`${name}, ${times} times`, async () => (await eventsNamed(name)).length >= times)
}

/** One mirror behind an nginx of its own, whose log goes on where it stood. */
async function startFace(region: string, port: number): Promise<Face> {
  const bucket = `health-${region}`
  const { mirrors, stop } = await startNginx({
    host: service.names.both,
    directory: join(parts.scratch, `health-nginx-${region}`),
    store: parts.store.endpoint,
    mirrors: [{ bucket, port }],
  })
  return { face: mirrors[0]!, stop }
}

/** The same bucket, by an address that takes its time. */
async function startSlowFace(port: number, delayMs: number): Promise<Stoppable> {
  const { hostname, port: storePort } = new URL(parts.store.endpoint)
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming
    const path = `/${east.face.bucket}${incoming.url}`
    void sleep(delayMs).then(() =>
      request({ hostname, port: storePort, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      }).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(port, '::', resolve))
  return {
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
