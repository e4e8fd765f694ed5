import { expect, test } from 'vitest'
import { canaryDigest } from '../../../src/core/canary.ts'
import type { Digest } from '../../../src/core/digest.ts'
import type { Mirror } from '../../../src/core/mirror.ts'
import type { Learnt } from '../../../src/proxy/mirror-watch/mirror-watch.ts'
import { createMirrorWatcher } from '../../../src/proxy/mirror-watch/mirror-watch.ts'
import { mirrorOf } from '../../core/world.ts'

const [east, ireland] = [mirrorOf('aws/us-east-1'), mirrorOf('aws/eu-west-1')]
const [a, b] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}` as Digest) as [Digest, Digest]
const canary = canaryDigest(ireland.id)
/** Answers by status; 0: none comes. `-`: to whatever else is asked for. */
type Store = Readonly<Record<string, number>>
const well: Store = { '-': 206 }

type World = {
  readonly mirrors?: readonly Mirror[]
  readonly hasCanary?: boolean
  readonly isPresenceKnown?: boolean
  readonly isUpstreamWell?: boolean
  /** What chance brings, again and again. */
  readonly chances?: readonly number[]
  readonly before?: Learnt
}

function createWorld({
  mirrors = [east, ireland],
  hasCanary = false,
  isPresenceKnown = true,
  isUpstreamWell = true,
  chances = [0],
  before,
}: World = {}) {
  const stores: Record<string, Store> = { [east.id]: well, [ireland.id]: well }
  const events: unknown[] = []
  const asked: string[] = []
  let out: readonly string[] = []
  let nowMs = 0
  let chance = 0
  const watcher = createMirrorWatcher({
    mirrors,
    terms: { failures: 2, successes: 2, window: 20, greyShare: 0.2 },
    isPresenceKnown,
    before,
    hasCanary: () => hasCanary,
    isUpstreamWell: () => Promise.resolve(isUpstreamWell),
    setOut: (all) => (out = [...all].map(({ id }) => id)),
    record: (event) => events.push(event),
    random: () => chances[chance++ % chances.length]!,
    now: () => nowMs,
    fetch(asks) {
      const url = asks as string
      const { id } = [east, ireland].find(({ publicUrl }) => url.startsWith(publicUrl))!
      const digest = url.slice(-71)
      if (id === ireland.id) asked.push(digest === canary ? 'canary' : digest.slice(7, 8))
      const status = stores[id]![digest] ?? stores[id]!['-']!
      return status === 0
        ? Promise.reject(new TypeError('fetch failed'))
        : Promise.resolve(new Response(null, { status }))
    },
    timeoutMs: 1000,
    slowMs: 100,
    elapsedMs: () => 0,
  })
  return {
    ...watcher,
    told: watcher.out,
    events,
    asked,
    out: () => out,
    set: (store: Store) => (stores[ireland.id] = store),
    setBoth: (store: Store) => (stores[east.id] = stores[ireland.id] = store),
    send: (...digests: readonly Digest[]) => {
      for (const reference of digests) {
        watcher.hear({ mirror: ireland.id, reference })
      }
    },
    look: async (times = 1) => {
      for (let time = 0; time < times; time++) {
        nowMs += 1000
        await watcher.look()
      }
    },
  }
}

test('a mirror that gives no answer is out, and back when it answers again', async () => {
  const { look, set, out, events } = createWorld()
  set({ '-': 0 })
  await look()
  expect(out()).toEqual([])
  await look()
  expect(out()).toEqual([ireland.id])
  set(well)
  await look(2)
  expect(out()).toEqual([])
  const why = '2 questions in a row failed, the last one: no answer: TypeError'
  expect(events).toEqual([
    { event: 'mirror-out', timeMs: 2000, mirror: ireland.id, why },
    { event: 'mirror-back', timeMs: 4000, mirror: ireland.id, outMs: 2000 },
  ])
})

test('one that fails one time in five is out, and before long for good', async () => {
  const { look, set, out, events } = createWorld()
  const fifth = async () => {
    set({ '-': 503 })
    await look()
    set(well)
    await look(4)
  }
  for (let round = 0; round < 4; round++) await fifth()
  const why =
    'too many of the last 20 questions failed or took too long, the last one: answered 503'
  expect(events[0]).toMatchObject({ event: 'mirror-out', why })
  for (let round = 0; round < 12; round++) await fifth()
  const eventsThen = events.length
  for (let round = 0; round < 12; round++) await fifth()
  expect(out()).toEqual([ireland.id])
  expect(events.length).toBe(eventsThen)
})

test('where every mirror fails and no upstream answers, it is our own network that is gone', async () => {
  const { look, setBoth, out, events } = createWorld({ isUpstreamWell: false })
  setBoth({ '-': 0 })
  await look(10)
  expect([out(), events]).toEqual([[], []])
})

test('where every mirror fails and an upstream answers, all are out', async () => {
  const { look, setBoth, out } = createWorld()
  setBoth({ '-': 0 })
  await look(2)
  expect(out()).toEqual([east.id, ireland.id])
})

test('one that is out stays out while our own network is gone', async () => {
  const { look, set, setBoth, out } = createWorld({ isUpstreamWell: false })
  set({ '-': 0 })
  await look(2)
  setBoth({ '-': 0 })
  await look(5)
  expect(out()).toEqual([ireland.id])
})

test.for<[name: string, world: World, sent: readonly Digest[], store: Store, isOut: boolean]>([
  ['that refuses everything is out', { hasCanary: true }, [a, b], { '-': 403 }, true],
  ['also with no traffic', { hasCanary: true }, [], { '-': 404 }, true],
  ['also where it has no canary', {}, [a, b], { '-': 403 }, true],
  ['that lost a blob stays', { hasCanary: true }, [a, b], { '-': 206, [a]: 404 }, false],
  [
    'that lost a blob and has a canary stays',
    { hasCanary: true },
    [a],
    { '-': 206, [a]: 404 },
    false,
  ],
  ['stays, too, where nobody knew of the canary', {}, [a], { '-': 206, [a]: 404 }, false],
  ['of which one blob is known and no canary stays', {}, [a], { '-': 403 }, false],
  ['of which nothing is known stays', {}, [], { '-': 403 }, false],
  [
    'that lost its canary stays',
    { hasCanary: true, chances: [0.9, 0] },
    [a],
    { '-': 206, [canary]: 403 },
    false,
  ],
  ['that lost a blob and then fails is out', {}, [a, b], { '-': 503, [a]: 404 }, true],
])('a mirror %s', async ([, world, sent, store, isOut]) => {
  const { look, set, send, out } = createWorld(world)
  send(...sent)
  set(store)
  await look(5)
  expect(out()).toEqual(isOut ? [ireland.id] : [])
})

test('that all is refused is told as the reason', async () => {
  const { look, set, send, events } = createWorld({ hasCanary: true })
  send(a, b)
  set({ '-': 403 })
  await look(2)
  const why =
    '2 questions in a row failed, the last one: answered 403 for all that it was asked for'
  expect(events).toMatchObject([{ event: 'mirror-out', why }])
})

test('a lost blob is told once, and not asked for again', async () => {
  const { look, set, send, events, asked } = createWorld({ hasCanary: true })
  send(a, b)
  set({ '-': 206, [a]: 404 })
  await look(4)
  expect(events).toEqual([{ event: 'blob-lost', timeMs: 1000, mirror: ireland.id, digest: a }])
  expect(asked).toEqual(['a', 'b', 'b', 'b', 'b'])
})

test('what is asked for is chosen by chance, the canary among it', async () => {
  const { look, send, asked } = createWorld({
    mirrors: [ireland],
    hasCanary: true,
    chances: [0, 0.4, 0.9],
  })
  send(a, b)
  await look(3)
  expect(asked).toEqual(['a', 'b', 'canary'])
})

test('a canary that was there once is missed later, though no index told of it', async () => {
  const { look, set, out } = createWorld()
  await look()
  set({ '-': 404 })
  await look(2)
  expect(out()).toEqual([ireland.id])
})

test('one whose refusals put it out is back when it gives the same blobs again', async () => {
  const { look, set, send, out } = createWorld()
  send(a, b)
  set({ '-': 403 })
  await look(6)
  expect(out()).toEqual([ireland.id])
  set(well)
  await look(2)
  expect(out()).toEqual([])
})

test('a private mirror is not asked while nothing can be signed for it', async () => {
  const signer = { isReady: () => false, sign: () => '', hear: () => {} }
  const { look, asked, counts } = createWorld({ mirrors: [{ ...ireland, signer }] })
  await look()
  expect(asked).toEqual([])
  expect(counts().get(ireland.id)).toEqual({ good: 0, slow: 0, failed: 0 })
})

test('what came of each question is counted, and what says nothing is not', async () => {
  const { look, set, counts } = createWorld()
  set({ '-': 404 })
  await look()
  set(well)
  await look()
  set({ '-': 500 })
  await look()
  expect(counts().get(ireland.id)).toEqual({ good: 1, slow: 0, failed: 1 })
  expect(counts().get(east.id)).toEqual({ good: 3, slow: 0, failed: 0 })
})

test('a mirror that the configuration does not have is nobody’s to watch', async () => {
  const { hear, look, asked } = createWorld()
  hear({ mirror: 'aws/gone', reference: a })
  hear({})
  await look()
  expect(asked).toEqual(['canary'])
})

test('where presence is assumed, nobody puts a mirror out by making up digests', async () => {
  const { look, set, send, out, events, asked } = createWorld({ isPresenceKnown: false })
  set({ '-': 206, [a]: 404, [b]: 404, [canary]: 404 })
  for (let round = 0; round < 6; round++) {
    send(a, b)
    await look()
  }
  expect([out(), events]).toEqual([[], []])
  expect(asked.slice(0, 2)).toEqual(['a', 'canary'])
})

test('but what it has given once is missed there, too', async () => {
  const { look, set, send, out, asked } = createWorld({ isPresenceKnown: false })
  send(a, b)
  await look(3)
  expect(asked).toEqual(['a', 'b', 'a'])
  set({ '-': 403 })
  await look(2)
  expect(out()).toEqual([ireland.id])
})

test('who takes the place of a watcher goes on where that was', async () => {
  const first = createWorld()
  first.set({ '-': 0 })
  await first.look(2)
  const second = createWorld({ before: first.learnt() })
  expect(second.out()).toEqual([ireland.id])
  expect(second.told()).toEqual(first.events)
  await second.look(2)
  expect(second.out()).toEqual([])
  expect(second.told()).toEqual([])
  expect(second.events).toMatchObject([{ event: 'mirror-back', mirror: ireland.id }])
})

test('a mirror that moved to another address begins anew', async () => {
  const first = createWorld()
  first.set({ '-': 0 })
  await first.look(2)
  const before = new Map([...first.learnt()].map(([url, of]) => [`${url}/moved`, of]))
  const { out, told } = createWorld({ before })
  expect([out(), told()]).toEqual([[], []])
})
