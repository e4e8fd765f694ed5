import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { corrupted, cutShort } from '../../../src/embedded/fault.ts'
import type { Intercept } from '../../../src/embedded/observe.ts'
import type { Spread } from '../../../src/sync/transfer/spread-blob.ts'
import {
  bytesOf,
  copiesAt,
  createTransferWorld,
  east,
  middle,
  mirrors,
  west,
} from './transfer-world.ts'
import { asked } from '../world.ts'

// More than any socket between here and a store keeps to itself.
const large = bytesOf(12 * 1024 ** 2)
const middling = bytesOf(1024 ** 2)
const spreads: readonly Spread[] = ['copy', 'tee', 'read']

const isBlobPut = (request: Request) =>
  request.method === 'PUT' &&
  request.url.includes('/containers/') &&
  !request.headers.has('x-amz-copy-source')
const failure = (status: number, code: string) =>
  new Response(`<Error><Code>${code}</Code></Error>`, { status, headers: { connection: 'close' } })

test.for<[string, Buffer, Intercept]>([
  [
    'fails in the middle of a write',
    middling,
    async (request) => {
      await request.clone().body?.getReader().read()
      return failure(500, 'InternalError')
    },
  ],
  ['fails before it has read a byte', middling, () => failure(503, 'SlowDown')],
  ['says that it is done before it has read it', large, () => new Response(null)],
  ['stands still', large, () => new Promise(() => {})],
])(
  'a mirror that %s drops out, the others go on, and it is given what they have',
  async ([, bytes, fault]) => {
    const world = await createTransferWorld()
    const work = world.put(bytes)
    let faults = 0
    world.storeOf(west).intercept = (request, next) =>
      isBlobPut(request) && faults++ === 0 ? fault(request, next) : undefined
    const ran = await world.run([work], { stallMs: 1000 })
    expect(ran.problems).toEqual([])
    for (const each of mirrors) expect(world.object(each, work.digest)?.equals(bytes)).toBe(true)
    expect(asked(world.registry, 'GET', '/blobs/').length).toBe(1)
    expect([world.sentBytes(), ran.upstreamBytes]).toEqual([bytes.length, bytes.length])
    expect(ran.copied.get(west)!.blobs).toBe(1)
    expect(ran.mirrorBytes).toBe(bytes.length)
    expect(ran.events.filter(({ step }) => step === 'retried')).toMatchObject([{ mirror: west }])
  },
)

test('a mirror that is slow keeps the others waiting, and all get it', async () => {
  const world = await createTransferWorld()
  const work = world.put(middling)
  world.storeOf(west).intercept = async (request) => {
    if (isBlobPut(request)) await sleep(300)
    return undefined
  }
  const ran = await world.run([work], { spread: 'tee' })
  expect(ran.problems).toEqual([])
  expect(mirrors.map((each) => ran.uploaded.get(each)!.blobs)).toEqual([1, 1, 1])
  expect(world.sentBytes()).toBe(middling.length)
})

test('where every mirror drops out the upstream is read again, which is said', async () => {
  const world = await createTransferWorld()
  const work = world.put(middling)
  const seen = new Set<string>()
  for (const each of [east, west]) {
    world.storeOf(each).intercept = (request) => {
      if (!isBlobPut(request) || seen.has(request.url)) return undefined
      seen.add(request.url)
      return failure(500, 'InternalError')
    }
  }
  const ran = await world.run([work], { spread: 'tee' })
  expect(ran.problems).toEqual([])
  expect(ran.events.filter(({ step }) => step === 'retried').length).toBe(3)
  expect(ran.events.filter(({ step }) => step === 'reading').length).toBe(2)
  expect(asked(world.registry, 'GET', '/blobs/').length).toBe(2)
  expect(mirrors.map((each) => ran.uploaded.get(each)!.blobs)).toEqual([1, 1, 1])
})

const small = bytesOf(300_000)
const broken: readonly [string, Intercept, number, RegExp][] = [
  ['wrong', async (_, next) => corrupted(await next()), 1, /got sha256:/],
  ['that break off', async (_, next) => cutShort(await next(), 200_000), 3, /wanted 300000 bytes/],
  [
    'that are too few',
    () => new Response(ReadableStream.from(inParts(small.subarray(0, 200_000)))),
    3,
    /wanted 300000 bytes .* got 200000$/,
  ],
  [
    'that are too many',
    () => new Response(ReadableStream.from(inParts(Buffer.concat([small, small])))),
    1,
    /wanted 300000 bytes .* got more$/,
  ],
  ['of another length', () => new Response('x'), 1, /wanted 300000 bytes .* got 1$/],
]
test.for(spreads.flatMap((spread) => broken.map((each) => [spread, ...each] as const)))(
  'by %s, of bytes %s nothing is seen anywhere',
  async ([spread, , fault, reads, message]) => {
    const world = await createTransferWorld()
    const work = world.put(small)
    world.registry.intercept = fault
    const ran = await world.run([work], { spread })
    expect(ran.problems).toEqual([
      { subject: `app@${work.digest}`, message: expect.stringMatching(message) },
    ])
    for (const each of mirrors) expect(world.object(each, work.digest)).toBeUndefined()
    expect(world.openUploads()).toBe(0)
    expect(asked(world.registry, 'GET', '/blobs/').length).toBe(reads)
  },
)

test.for(spreads)('by %s, wrong bytes that a mirror lists are named and mended', async (spread) => {
  const world = await createTransferWorld()
  const work = world.put(small, east)
  world
    .storeOf(east)
    .putObject('mirror-us-east-1', `containers/images/${work.digest}`, bytesOf(small.length, 9))
  const ran = await world.run([work], { spread })
  expect([...new Set(ran.problems.map(({ subject }) => subject))]).toEqual([
    `${east} app@${work.digest}`,
  ])
  expect(ran.problems.length).toBe(1)
  for (const each of mirrors) expect(world.object(each, work.digest)?.equals(small)).toBe(true)
  expect(ran.spoiled.get(east)!.size).toBe(0)
  expect(world.sentBytes()).toBe(small.length)
})

test('a mirror that spoils what it is given is left alone with it', async () => {
  const world = await createTransferWorld()
  const work = world.put(small, east)
  const spoil = () =>
    world
      .storeOf(east)
      .putObject('mirror-us-east-1', `containers/images/${work.digest}`, bytesOf(small.length, 9))
  spoil()
  world.storeOf(east).intercept = async (request, next) => {
    const answer = await next()
    if (isBlobPut(request) && request.url.includes('us-east-1')) spoil()
    return answer
  }
  const ran = await world.run([work])
  expect(ran.problems.length).toBe(1)
  for (const each of [middle, west]) {
    expect(world.object(each, work.digest)?.equals(small)).toBe(true)
  }
})

test('a store that copies nothing is not asked for ever, and that is said once', async () => {
  const world = await createTransferWorld()
  const work = Array.from({ length: 12 }, (_, n) => world.put(bytesOf(1000, n)))
  world.storeOf(east).intercept = (request) =>
    request.headers.has('x-amz-copy-source') ? failure(403, 'AccessDenied') : undefined
  const ran = await world.run(work, { concurrency: 1 })
  expect(ran.problems).toEqual([])
  expect(copiesAt(world.storeOf(east))).toBe(5)
  expect(ran.events.filter((each) => each.step === 'retried').map(({ why }) => why)).toEqual([
    `5 copies in a row from ${east} failed: no more are tried, and the bytes go through here`,
  ])
  // The first five were uploaded before it was known; the others are teed from the start.
  expect(ran.requests.get(middle)).toEqual({ puts: 12, copies: 5, reads: 0 })
  expect([ran.uploaded.get(middle)!.blobs, ran.copied.get(middle)!.blobs]).toEqual([7, 5])
  expect(world.sentBytes()).toBe(12_000)
})

test('only refusals in a row are counted, and of that mirror alone', async () => {
  const world = await createTransferWorld()
  const work = Array.from({ length: 20 }, (_, n) => world.put(bytesOf(1000, n)))
  let puts = 0
  world.storeOf(west).intercept = (request) =>
    isBlobPut(request) && ++puts % 5 !== 0 ? failure(403, 'AccessDenied') : undefined
  const sometimes = await world.run(work, { concurrency: 1 })
  expect(sometimes.uploaded.get(west)!.blobs).toBe(4)
  expect(sometimes.problems.length).toBe(16)

  const more = Array.from({ length: 20 }, (_, n) => world.put(bytesOf(1000, n + 100)))
  world.storeOf(west).intercept = (request) =>
    isBlobPut(request) ? failure(403, 'AccessDenied') : undefined
  const never = await world.run(more, { concurrency: 1 })
  expect(never.problems.map(({ message }) => message).at(-1)).toBe(
    '5 writes in a row failed: 15 more were not tried',
  )
  expect(never.requests.get(west)!.puts).toBe(5)
  expect(never.uploaded.get(east)!.blobs).toBe(20)
})

test('a stop ends it, with no problem of its own and nothing half-written', async () => {
  const world = await createTransferWorld()
  const work = Array.from({ length: 6 }, (_, n) => world.put(bytesOf(100_000, n)))
  const stop = new AbortController()
  world.storeOf(west).intercept = (request) => {
    if (isBlobPut(request)) stop.abort()
    return undefined
  }
  const ran = await world.run(work, { stop: stop.signal, concurrency: 1 })
  expect(ran.problems).toEqual([])
  expect(asked(world.registry, 'GET', '/blobs/').length).toBe(1)
})

/** In two parts with a pause between: whoever sends it cannot say how long it is. */
async function* inParts(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(bytes.subarray(0, 1000))
  await sleep(5)
  yield new Uint8Array(bytes.subarray(1000))
}
