import { expect, test } from 'vitest'
import type { BlobWork } from '../../../src/core/plan.ts'
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
import type { TransferWorld } from './transfer-world.ts'
import { asked } from '../world.ts'

// Which bytes go where: three mirrors, of which the last is in a store of its own.
const blobs = [bytesOf(300_000, 1), bytesOf(70_000, 2), bytesOf(5, 3), Buffer.alloc(0)]
const total = 370_005

const have = (world: TransferWorld, work: readonly BlobWork[], bytes: readonly Buffer[]) =>
  work.every(({ digest }, at) =>
    mirrors.every((each) => world.object(each, digest)?.equals(bytes[at]!) === true),
  )

test.for<[Spread, object]>([
  [
    'copy',
    {
      uploaded: [4, 0, 4],
      copied: [0, 4, 0],
      copies: 4,
      mirrorBytes: 0,
      requests: [
        { puts: 4, copies: 0, reads: 0 },
        { puts: 0, copies: 4, reads: 0 },
        { puts: 4, copies: 0, reads: 0 },
      ],
    },
  ],
  [
    'tee',
    {
      uploaded: [4, 4, 4],
      copied: [0, 0, 0],
      copies: 0,
      mirrorBytes: 0,
      requests: mirrors.map(() => ({ puts: 4, copies: 0, reads: 0 })),
    },
  ],
  [
    'read',
    {
      uploaded: [4, 0, 0],
      copied: [0, 4, 4],
      copies: 0,
      mirrorBytes: 2 * total,
      requests: [
        { puts: 4, copies: 0, reads: 8 },
        { puts: 4, copies: 0, reads: 0 },
        { puts: 4, copies: 0, reads: 0 },
      ],
    },
  ],
])('by %s, every byte leaves the upstream once', async ([spread, wanted]) => {
  const world = await createTransferWorld()
  const work = blobs.map((bytes) => world.put(bytes))
  const ran = await world.run(work, { spread })
  expect(ran.problems).toEqual([])
  expect(have(world, work, blobs)).toBe(true)
  expect(asked(world.registry, 'GET', '/blobs/').length).toBe(blobs.length)
  expect(world.sentBytes()).toBe(total)
  expect(ran.upstreamBytes).toBe(total)
  expect({
    uploaded: mirrors.map((each) => ran.uploaded.get(each)!.blobs),
    copied: mirrors.map((each) => ran.copied.get(each)!.blobs),
    copies: copiesAt(world.storeOf(east)) + copiesAt(world.storeOf(west)),
    mirrorBytes: ran.mirrorBytes,
    requests: mirrors.map((each) => ran.requests.get(each)),
  }).toEqual(wanted)
})

test.for<Spread>(['copy', 'tee', 'read'])(
  'by %s, what a mirror has is not asked of the upstream',
  async (spread) => {
    const world = await createTransferWorld()
    const work = blobs.map((bytes) => world.put(bytes, west))
    const ran = await world.run(work, { spread })
    expect(ran.problems).toEqual([])
    expect(have(world, work, blobs)).toBe(true)
    expect(world.registry.requests).toEqual([])
    expect(ran.upstreamBytes).toBe(0)
    expect(mirrors.map((each) => ran.copied.get(each)!.bytes)).toEqual([total, total, 0])
  },
)

test('by read, a mirror is read that is near, as nearness is given', async () => {
  const world = await createTransferWorld()
  const work = [world.put(blobs[0]!, east, west)]
  const ran = await world.run(work, {
    spread: 'read',
    distance: (from) => (from.mirror.id === west ? 0 : 1),
  })
  expect([east, west].map((each) => ran.requests.get(each)!.reads)).toEqual([0, 1])
  expect(
    (await world.run([world.put(blobs[1]!, east, west)], { spread: 'read' })).requests,
  ).toEqual(
    new Map([
      [east, { puts: 0, copies: 0, reads: 1 }],
      [middle, { puts: 1, copies: 0, reads: 0 }],
      [west, { puts: 0, copies: 0, reads: 0 }],
    ]),
  )
})

test('work is taken as it goes, and not before', async () => {
  const world = await createTransferWorld()
  let taken = 0
  let most = 0
  function* work() {
    for (let n = 0; n < 12; n++) {
      taken++
      yield world.put(bytesOf(1000, n))
    }
  }
  let written = 0
  const store = world.storeOf(west)
  store.intercept = (request) => {
    if (request.method === 'PUT' && request.url.includes('/containers/'))
      most = Math.max(most, taken - written++)
    return undefined
  }
  expect((await world.run(work(), { concurrency: 2 })).problems).toEqual([])
  expect(taken).toBe(12)
  expect(most).toBeLessThanOrEqual(2)
})

test('what another run wrote meanwhile is neither uploaded nor a failure, and is no proof', async () => {
  const world = await createTransferWorld()
  const work = world.put(blobs[0]!)
  const store = world.storeOf(east)
  let isFirst = true
  store.intercept = (request) => {
    if (!request.url.includes('us-east-1/containers') || !isFirst) return undefined
    isFirst = false
    world.put(blobs[0]!, east)
    return undefined
  }
  const ran = await world.run([work])
  expect(ran.problems).toEqual([])
  expect(have(world, [work], [blobs[0]!])).toBe(true)
  expect(mirrors.map((each) => ran.uploaded.get(each)!.blobs)).toEqual([0, 0, 1])
  expect(ran.uploaded.get(west)!.blobs).toBe(1)
  // What it holds was read before it was copied on: the store shows no SHA-256 of it.
  expect(ran.requests.get(east)!.reads).toBe(1)
  expect(world.sentBytes()).toBe(300_000)
})

test('what is there under its name with another size is written over', async () => {
  const world = await createTransferWorld()
  const work = world.put(blobs[0]!, west)
  world.storeOf(west).putObject('mirror-eu-west-1', `containers/images/${work.digest}`, blobs[2]!)
  const ran = await world.run([{ ...work, having: [], lacking: mirrors, replacing: [west] }])
  expect(ran.problems).toEqual([])
  expect(have(world, [work], [blobs[0]!])).toBe(true)
  expect(ran.uploaded.get(west)!.blobs).toBe(1)
})

test.for<[string, (bytes: Buffer, first: number, last: number) => Response | undefined, number]>([
  ['are given', () => undefined, 5],
  ['are not known', (bytes) => new Response(new Uint8Array(bytes)), 1],
  [
    'are given of other bytes than were asked for',
    (bytes, first, last) =>
      new Response(new Uint8Array(bytes.subarray(0, last - first + 1)), { status: 206 }),
    6,
  ],
])('where ranges %s, a large blob arrives, read once', async ([, answer, requests]) => {
  const world = await createTransferWorld()
  const bytes = bytesOf(5 * 262_144 - 1000)
  const work = world.put(bytes)
  world.registry.intercept = (request) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '') ?? []
    return first === undefined ? undefined : answer(bytes, Number(first), Number(last))
  }
  const ran = await world.run([work], {
    ranges: { fromBytes: 1_048_576, atOnce: 3, eachBytes: 262_144 },
  })
  expect(ran.problems).toEqual([])
  expect(have(world, [work], [bytes])).toBe(true)
  expect(asked(world.registry, 'GET', work.digest).length).toBe(requests)
  // Only what lied is read again, and as one.
  expect(ran.upstreamBytes).toBe(requests === 6 ? 2 * bytes.length : bytes.length)
})

test('a range that breaks off is read again alone, and its bytes count once', async () => {
  const world = await createTransferWorld()
  const bytes = bytesOf(5 * 262_144)
  const work = world.put(bytes)
  let broken = 0
  world.registry.intercept = (request) =>
    request.headers.get('range')?.startsWith('bytes=262144-') === true && broken++ < 2
      ? new Response(new Uint8Array(1000), {
          status: 206,
          headers: { 'content-length': '262144', connection: 'close' },
        })
      : undefined
  const ran = await world.run([work], {
    ranges: { fromBytes: 1_048_576, atOnce: 2, eachBytes: 262_144 },
  })
  expect(ran.problems).toEqual([])
  expect(have(world, [work], [bytes])).toBe(true)
  expect(asked(world.registry, 'GET', work.digest).length).toBe(7)
  expect(ran.upstreamBytes).toBe(bytes.length)
})
