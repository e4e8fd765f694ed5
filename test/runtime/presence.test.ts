import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { createDemo } from '../../src/embedded/demo.ts'
import { createSamples } from '../../src/embedded/samples.ts'
import type { Served } from '../../src/embedded/serve.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { runSync } from '../../src/sync/run.ts'
import { addresses, startTestService } from './service.ts'

// A service beside a real sync, an upstream and a store: what it knows, and when it learns better.
const demo = createDemo()
const layer = createSamples()[0]!.image.children[0]!.blobs.at(-1)!.descriptor.digest
const path = `/v2/hello/blobs/${layer}`
const [east, ireland] = demo.mirrors
let upstream: Served
let store: Served
let directory: string
type Service = Awaited<ReturnType<typeof startTestService>>

beforeAll(async () => {
  upstream = await serveEmbedded(demo.registry.fetch)
  store = await serveEmbedded(demo.store.fetch)
  directory = await mkdtemp(join(tmpdir(), 'nearport-index-'))
})
afterAll(async () => {
  await Promise.all([upstream.close(), store.close(), rm(directory, { recursive: true })])
})

test('a newer index is taken while it runs, from the folder or from a mirror', async () => {
  const service = await startTestService(configuration())
  try {
    expect(await reasonOf(service)).toBe('no-index')
    await sync()
    await vi.waitFor(async () => expect(await reasonOf(service)).toBe('in-region'), 5000)
    const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^nearport_index_blobs 17$/m)
    expect(metrics).toMatch(/^nearport_index_age_seconds \d/m)

    demo.store.deleteObject(ireland!.bucket, `containers/images/${layer}`)
    demo.store.intercept = (request) =>
      request.method === 'PUT' && request.url.includes(layer.slice(7))
        ? new Response('', { status: 403 })
        : undefined
    await sync()
    demo.store.intercept = undefined
    await vi.waitFor(async () => expect(await reasonOf(service)).toBe('nearest'), 5000)
    await sync()
    await vi.waitFor(async () => expect(await reasonOf(service)).toBe('in-region'), 5000)
  } finally {
    await service.drain()
  }
}, 20_000)

test('a damaged index in the folder is refused and named, and the mirrors’ is taken', async () => {
  await sync()
  await writeFile(join(directory, 'index', 'current.json'), '{"generation":9e15}')
  const service = await startTestService(configuration())
  expect(service.events[0]).toMatchObject({
    event: 'index',
    outcome: 'loaded',
    problems: [expect.stringContaining(`${directory}: current.json: wanted`)],
  })
  expect(await reasonOf(service)).toBe('in-region')
  await service.drain()
})

test('the last good index is kept, and found by one that starts when no mirror answers', async () => {
  await sync()
  const keptIn = join(directory, 'kept')
  const index = { keptIn, refreshSeconds: 0.05 }
  const first = await startTestService({ ...configuration(), index })
  expect(await reasonOf(first)).toBe('in-region')
  await first.drain()
  const kept = await readdir(join(keptIn, 'index'))
  expect(kept.toSorted()).toEqual([expect.stringMatching(/^\d+\.bin$/), 'current.json'])

  // A newer one takes its place, and the old one goes.
  await sync()
  const again = await startTestService({ ...configuration(), index })
  await again.drain()
  expect(await readdir(join(keptIn, 'index'))).toHaveLength(2)

  demo.store.intercept = () => new Response('', { status: 503 })
  try {
    const alone = await startTestService({ ...configuration(), index })
    expect(await reasonOf(alone)).toBe('in-region')
    expect(await readyOf(alone)).toMatchObject({ index: { from: keptIn } })
    await alone.drain()

    // One flipped bit is refused, and there is none.
    const [bin] = (await readdir(join(keptIn, 'index'))).filter((each) => each.endsWith('.bin'))
    const file = join(keptIn, 'index', bin!)
    const bytes = await readFile(file)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(file, bytes)
    const damaged = await startTestService({ ...configuration(), index })
    expect(await reasonOf(damaged)).toBe('no-index')
    const [event] = damaged.events.filter((each) => each.event === 'index')
    expect(event!.problems.join()).toContain(`${keptIn}: generation`)
    await damaged.drain()
  } finally {
    demo.store.intercept = undefined
  }
}, 20_000)

test('a mirror that was asked and then emptied is found out by itself', async () => {
  await sync()
  const service = await startTestService({
    ...configuration(),
    presence: 'probe',
    probe: { recheckSeconds: 0.05 },
  })
  try {
    expect(await reasonOf(service)).toBe('in-region')
    for (const { bucket } of demo.mirrors) {
      for (const key of demo.store.keys(bucket)) demo.store.deleteObject(bucket, key)
    }
    await vi.waitFor(async () => expect(await reasonOf(service)).toBe('not-mirrored'), 5000)
    expect(service.events).toContainEqual({
      event: 'mirror-lost',
      timeMs: expect.any(Number),
      mirror: ireland!.id,
    })
    const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^nearport_mirror_lost_total\{mirror="aws\/eu-west-1"\} 1$/m)
  } finally {
    await service.drain()
  }
}, 15_000)

function configuration() {
  return {
    upstreams: [{ registry: upstream.url }],
    mirrors: [east!, ireland!].map((mirror) => ({
      ...mirror,
      endpoint: store.url,
      forcePathStyle: true,
      credentials: 'DEMO',
    })),
    clientAddress: { header: 'x-forwarded-for' },
    index: { directory, refreshSeconds: 0.05 },
  }
}

async function sync(): Promise<void> {
  await runSync(parseConfig(configuration(), 'the test'), {
    now: Date.now,
    record: () => {},
    env: {
      DEMO_ACCESS_KEY_ID: demo.credentials.accessKeyId,
      DEMO_SECRET_ACCESS_KEY: demo.credentials.secretAccessKey,
    },
    stop: new AbortController().signal,
  })
}

async function reasonOf({ url }: Service): Promise<string | null> {
  const response = await fetch(url + path, {
    redirect: 'manual',
    headers: { 'x-forwarded-for': addresses['aws/eu-west-1'] },
  })
  return response.headers.get('x-nearport-reason')
}

async function readyOf({ adminUrl }: Service): Promise<unknown> {
  return (await fetch(`${adminUrl}/readyz`)).json()
}
