import { expect, onTestFinished, test } from 'vitest'
import { Agent } from 'undici'
import type { Digest } from '../../../src/core/digest.ts'
import { cutShort } from '../../../src/embedded/fault.ts'
import { observe } from '../../../src/embedded/observe.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { createUpstreamClient } from '../../../src/sync/upstream/upstream.ts'
import { createUpstreamDispatcher } from '../../../src/sync/upstream/upstream-dispatcher.ts'
import { patience, serve } from '../world.ts'

const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 31) % 251))

async function createFilled() {
  const registry = createRegistry()
  const { digest } = registry.putBlob(bytes, { repository: 'app' })
  const { client } = await createClient(registry)
  const open = (first: number, last: number) =>
    client.openBlob('app', digest as Digest, bytes.length, { first, last })
  return { registry, client, open, digest: digest as Digest }
}

async function createClient(registry: ReturnType<typeof observe>, bytesPerSecond?: number) {
  const url = await serve(registry)
  const limits = { connections: 4, bytesPerSecond }
  const dispatcher = createUpstreamDispatcher([{ registry: url, limits }])
  onTestFinished(() => dispatcher.destroy())
  const stop = new AbortController().signal
  const settings = { dispatcher, patience, stop, now: Date.now }
  return {
    url,
    client: createUpstreamClient({ registry: url, repositories: '', namespace: '' }, settings),
  }
}

const read = async ({ body }: { body: NodeJS.ReadableStream }) => {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

test('a range is the bytes of it', async () => {
  const { registry, open } = await createFilled()
  const opened = await open(1000, 1999)
  expect(opened).toMatchObject({ isPartial: true, lengthBytes: 1000 })
  expect((await read(opened)).equals(bytes.subarray(1000, 2000))).toBe(true)
  expect(registry.requests[0]!.headers['range']).toBe('bytes=1000-1999')
})

test.for<[string, number, number, readonly number[]]>([
  ['in the middle', 50_000, 149_999, [40_000]],
  ['at the beginning', 0, 99_999, [40_000]],
  ['more than once', 50_000, 149_999, [30_000, 20_000]],
  ['before its first byte', 50_000, 149_999, [0]],
])('a range that breaks off %s is gone on with', async ([, first, last, cuts]) => {
  const { registry, open } = await createFilled()
  const left = [...cuts]
  registry.intercept = async (_, next) => {
    const cut = left.shift()
    return cut === undefined ? undefined : cutShort(await next(), cut)
  }
  const opened = await open(first, last)
  expect((await read(opened)).equals(bytes.subarray(first, last + 1))).toBe(true)
  let at = first
  const ranges = [...cuts, 0].map((cut) => {
    const range = `bytes=${at}-${last}`
    at += cut
    return range
  })
  expect(registry.requests.map(({ headers }) => headers['range'])).toEqual(ranges)
})

test('a range that breaks off through a redirect is gone on with at the upstream', async () => {
  const { registry: store, digest } = await createFilled()
  const storeUrl = await serve(store)
  const isFirst = [true]
  store.intercept = async (_, next) =>
    isFirst.shift() === true ? cutShort(await next(), 40_000) : undefined
  const registry = observe(async (request) =>
    Response.redirect(`${storeUrl}${new URL(request.url).pathname}`, 307),
  )
  const { client } = await createClient(registry)
  const opened = await client.openBlob('app', digest, bytes.length, { first: 10, last: 99_999 })
  expect((await read(opened)).equals(bytes.subarray(10, 100_000))).toBe(true)
  expect(registry.requests.map(({ headers }) => headers['range'])).toEqual([
    'bytes=10-99999',
    'bytes=40010-99999',
  ])
})

test('an upstream that knows no ranges sends the whole, and that is said', async () => {
  const { registry, open } = await createFilled()
  registry.intercept = () => new Response(bytes, { headers: { 'content-length': '200000' } })
  const opened = await open(1000, 1999)
  expect(opened).toMatchObject({ isPartial: false, lengthBytes: bytes.length })
  expect((await read(opened)).equals(bytes)).toBe(true)
})

test.for<[string, Record<string, string>]>([
  ['another', { 'content-range': `bytes 0-999/${bytes.length}`, 'content-length': '1000' }],
  ['one of another blob', { 'content-range': 'bytes 1000-1999/7777', 'content-length': '1000' }],
  [
    'one of another length',
    { 'content-range': `bytes 1000-1999/${bytes.length}`, 'content-length': '900' },
  ],
  ['none that can be read', { 'content-range': 'items 1-2/3' }],
  ['none', {}],
])('a range that is %s is refused', async ([, headers]) => {
  const { registry, open } = await createFilled()
  const length = Number(headers['content-length'] ?? 1000)
  registry.intercept = () => new Response(bytes.subarray(0, length), { status: 206, headers })
  const error = await open(1000, 1999).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'malformed', retryable: false })
})

test('a range past the end is an error of the upstream', async () => {
  const { open } = await createFilled()
  await expect(open(300_000, 400_000)).rejects.toMatchObject({ code: 'status', status: 416 })
})

test('bodies come no faster than so many bytes a second, also through a redirect', async () => {
  const elsewhere = observe(async () => new Response(Buffer.alloc(400_000)))
  const elsewhereUrl = await serve(elsewhere)
  const registry = observe(async () => Response.redirect(elsewhereUrl, 307))
  const { client } = await createClient(registry, 1_000_000)
  const digest = `sha256:${'ab'.repeat(32)}` as Digest
  const startMs = performance.now()
  const open = async () => read(await client.openBlob('app', digest, 400_000))
  const bodies = await Promise.all([open(), open()])
  expect(bodies.map((body) => body.length)).toEqual([400_000, 400_000])
  // A quarter of a second's bytes is there at the start: the rest takes its time, on any machine.
  expect(performance.now() - startMs).toBeGreaterThan(450)
})

test('a body that is paced can be left', async () => {
  const registry = observe(async () => new Response(Buffer.alloc(4_000_000)))
  const { client } = await createClient(registry, 100_000)
  const digest = `sha256:${'ab'.repeat(32)}` as Digest
  for (let each = 0; each < 8; each++) {
    // There are four connections, so that each must come free.
    const { body } = await client.openBlob('app', digest, 4_000_000)
    body.destroy()
  }
  expect(registry.requests.length).toBe(8)
})

test('no more connections are open to a host than it allows', async () => {
  const opened = { now: 0, most: 0 }
  const registry = observe(async () => {
    opened.most = Math.max(opened.most, ++opened.now)
    await new Promise((resolve) => setTimeout(resolve, 5))
    opened.now--
    return new Response('', { headers: { 'content-length': '7' } })
  })
  const { client } = await createClient(registry)
  const digest = `sha256:${'ab'.repeat(32)}` as Digest
  await Promise.all(Array.from({ length: 40 }, () => client.headBlob('app', digest)))
  expect(opened.most).toBe(4)
})

test('a dispatcher with no limits at all serves too', async () => {
  const registry = createRegistry()
  const { digest } = registry.putBlob(bytes, { repository: 'app' })
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const settings = { dispatcher, patience, stop: new AbortController().signal, now: Date.now }
  const upstream = { registry: await serve(registry), repositories: '', namespace: '' }
  const client = createUpstreamClient(upstream, settings)
  expect(
    (await read(await client.openBlob('app', digest as Digest, bytes.length))).equals(bytes),
  ).toBe(true)
})
