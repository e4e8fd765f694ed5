import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { createDemo } from '../../../src/embedded/demo.ts'
import type { Intercept } from '../../../src/embedded/observe.ts'
import { createSamples } from '../../../src/embedded/samples.ts'
import type { Served } from '../../../src/embedded/serve.ts'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import { blobUrl } from '../../../src/core/mirror.ts'
import { assumedPresence } from '../../../src/proxy/presence.ts'
import { createSigning } from '../../../src/runtime/mirrors/mirror-credentials.ts'
import { createMirrorWatching } from '../../../src/runtime/mirrors/mirror-watching.ts'
import { canaryOf } from '../../../src/sync/publish/canary.ts'
import { runSync } from '../../../src/sync/run.ts'
import { addresses, startTestService } from '../service.ts'

// Two mirrors on ports of their own, of which the one in Ireland breaks while clients there pull.
const demo = createDemo()
const layer = createSamples()[0]!.image.children[0]!.blobs.at(-1)!.descriptor.digest
const path = `/v2/hello/blobs/${layer}`
const [east, ireland] = demo.mirrors as [Mirror, Mirror]
type Mirror = (typeof demo.mirrors)[number]
const demoEnvironment = {
  DEMO_ACCESS_KEY_ID: demo.credentials.accessKeyId,
  DEMO_SECRET_ACCESS_KEY: demo.credentials.secretAccessKey,
}
let upstream: Served
let stores: Record<string, Served>
type Service = Awaited<ReturnType<typeof startTestService>>
let service: Service | undefined

beforeAll(async () => {
  upstream = await serveEmbedded(demo.registry.fetch)
  stores = {
    [east.id]: await serveEmbedded(demo.store.fetch),
    [ireland.id]: await serveEmbedded(demo.store.fetch),
  }
  await runSync(parseConfig(configuration(), 'the test'), {
    now: Date.now,
    record: () => {},
    env: demoEnvironment,
    stop: new AbortController().signal,
  })
})
afterEach(async () => {
  demo.store.intercept = undefined
  await service?.drain()
  service = undefined
})
afterAll(() => Promise.all([upstream, ...Object.values(stores)].map(({ close }) => close())))

/** What the store in Ireland does to blobs from now on. */
const does =
  (fault: Intercept): (() => Promise<void>) =>
  () => {
    demo.store.intercept = (request, next) =>
      request.url.includes(`/${ireland.bucket}/containers/`) ? fault(request, next) : undefined
    return Promise.resolve()
  }

test.for<[name: string, breaks: () => Promise<void>, mends: () => Promise<void>]>([
  [
    'stops',
    () => stores[ireland.id]!.close(),
    async () => {
      const { port } = stores[ireland.id]!
      stores[ireland.id] = await serveEmbedded(demo.store.fetch, { port })
    },
  ],
  ['hangs', does(() => new Promise(() => {})), does(() => undefined)],
  [
    'is refused by its own policy',
    does(() => new Response('', { status: 403 })),
    does(() => undefined),
  ],
])('a mirror that %s is left out for the next, and taken again', async ([, breaks, mends]) => {
  service = await startTestService(configuration())
  expect(await reasonOf(service)).toBe('in-region')
  await breaks()
  await vi.waitFor(async () => expect(await reasonOf(service!)).toBe('nearest'), patience)
  expect(service.events).toContainEqual(
    expect.objectContaining({ event: 'request', reason: 'nearest', insteadOf: ireland.id }),
  )
  await mends()
  await vi.waitFor(async () => expect(await reasonOf(service!)).toBe('in-region'), patience)
  const told = service.events.filter(({ event }) => /^mirror-(?:out|back)$/.test(event))
  expect(told.slice(0, 2).map(({ event }) => event)).toEqual(['mirror-out', 'mirror-back'])
})

test('a mirror that is out is told of on the page, by readyz and in the metrics', async () => {
  service = await startTestService(configuration())
  await does(() => new Response('', { status: 503 }))()
  await vi.waitFor(async () => expect(await reasonOf(service!)).toBe('nearest'), patience)
  const why = '2 questions in a row failed, the last one: answered 503'
  const ready = await fetch(`${service.adminUrl}/readyz`)
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({
    ready: true,
    mirrors: [
      { id: east.id, healthy: true },
      { id: ireland.id, healthy: false, sinceMs: expect.any(Number), why },
    ],
  })
  expect(await (await fetch(service.adminUrl)).text()).toContain(why)
  const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/^nearport_mirror_healthy\{mirror="aws\/eu-west-1"\} 0$/m)
  expect(metrics).toMatch(
    /^nearport_mirror_probes_total\{mirror="aws\/eu-west-1",outcome="failed"\} [1-9]/m,
  )
  expect(metrics).toMatch(/^nearport_failover_dollars_total\{mirror="aws\/eu-west-1"\} \d/m)
})

test('a mirror that is out stays out when another configuration is taken', async () => {
  service = await startTestService(configuration())
  await does(() => new Response('', { status: 503 }))()
  await vi.waitFor(async () => expect(await reasonOf(service!)).toBe('nearest'), patience)
  const asking = (everySeconds: number) =>
    parseConfig({ ...configuration(), health: { everySeconds } }, 'the test')
  await service.take(asking(1000))
  expect(await reasonOf(service)).toBe('nearest')
  const { mirrors } = (await (await fetch(`${service.adminUrl}/readyz`)).json()) as {
    mirrors: readonly { id: string; healthy: boolean }[]
  }
  expect(mirrors.filter(({ healthy }) => !healthy).map(({ id }) => id)).toEqual([ireland.id])
  // Whom nobody asks any more would stay out for good.
  await service.take(asking(0))
  expect(await reasonOf(service)).toBe('in-region')
})

test('where nothing may be spent, clients of a mirror that is out are told to ask again', async () => {
  const changes = { ...configuration().health, dollarsAnHour: 0 }
  service = await startTestService({ ...configuration(), health: changes })
  await does(() => new Response('', { status: 503 }))()
  await vi.waitFor(async () => expect(await reasonOf(service!)).toBe('over-budget'), patience)
  const answer = await pull(service)
  expect(answer.status).toBe(429)
  expect(answer.headers.get('retry-after')).toBe('60')
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] })
  // The size of a blob is known and costs nothing.
  expect((await pull(service, 'HEAD')).headers.get('x-nearport-reason')).toBe('known-size')
})

test('nobody is asked where the configuration says never', async () => {
  service = await startTestService({ ...configuration(), health: { everySeconds: 0 } })
  const before = demo.store.requests.length
  expect(await reasonOf(service)).toBe('in-region')
  const asked = demo.store.requests.slice(before)
  expect(asked.filter(({ headers }) => headers['user-agent'] === 'nearport-health')).toEqual([])
})

test('a private mirror is asked by addresses that are signed as those of clients are', async () => {
  const id = 'aws/eu-west-2'
  demo.store.createBucket('closed')
  const { digest, bytes } = canaryOf(id)
  demo.store.putObject('closed', `containers/images/${digest}`, bytes)
  const endpoint = stores[east.id]!.url
  const mirror = { id, bucket: 'closed', endpoint, forcePathStyle: true, credentials: 'DEMO' }
  const mirrors = [{ ...mirror, private: true }]
  const given = parseConfig({ ...configuration(), mirrors }, 'the test')
  const { config } = createSigning(given, { env: demoEnvironment, now: Date.now })
  const url = blobUrl(config.mirrors[0]!, digest)
  expect((await fetch(url)).status).toBe(403)

  const deps = { presence: assumedPresence, keeper: undefined, record: () => {}, now: Date.now }
  const watching = createMirrorWatching(config, deps)
  await watching.look()
  const { good, slow, failed } = watching.figures().get(id)!.asked
  expect([good + slow, failed]).toEqual([1, 0])
})

const patience = { timeout: 10_000, interval: 20 }

function configuration() {
  return {
    upstreams: [{ registry: upstream.url, cloud: 'gcp' }],
    mirrors: [east, ireland].map((mirror) => ({
      ...mirror,
      endpoint: stores[mirror.id]!.url,
      forcePathStyle: true,
      credentials: 'DEMO',
    })),
    clientAddress: { header: 'x-forwarded-for' },
    // An index is looked for seldom: what is found out here is not found out by it.
    index: { refreshSeconds: 1000 },
    ranges: { refreshSeconds: 0 },
    health: { everySeconds: 0.1, timeoutMs: 400, slowMs: 400, failures: 2, successes: 2 },
  }
}

function pull({ url }: Service, method = 'GET'): Promise<Response> {
  const headers = { 'x-forwarded-for': addresses['aws/eu-west-1'] }
  return fetch(url + path, { method, redirect: 'manual', headers })
}

async function reasonOf(asked: Service): Promise<string | null> {
  const answer = await pull(asked)
  await answer.body?.cancel()
  return answer.headers.get('x-nearport-reason')
}
