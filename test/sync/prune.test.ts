import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart, openIndex } from '../../src/core/blob-index.ts'
import type { Digest } from '../../src/core/digest.ts'
import type { SyncEvent } from '../../src/core/sync-event.ts'
import type { Image } from '../../src/embedded/images.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import type { PruneOptions } from '../../src/sync/prune.ts'
import { runPrune } from '../../src/sync/prune.ts'
import type { World } from './world.ts'
import { createWorld, env, patience } from './world.ts'

const buckets = ['mirror-us-east-1', 'mirror-eu-west-1']
const prefix = 'containers/images/'
const weekMs = 604_800_000
const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })
const old = imageNamed('old')

/** Ten images, of which the tag of one was moved away. */
async function worldWithOld(): Promise<World> {
  const world = await createWorld()
  world.file.prune = { largestShare: 0.3 }
  for (const name of 'abcdefghi') push(world.registry, 'app', imageNamed(name), name)
  push(world.registry, 'app', old, 'old')
  expect((await world.sync()).problems).toEqual([])
  world.registry.deleteTag('app', 'old')
  return world
}

async function prune(world: World, options: PruneOptions = {}, laterMs = 0) {
  const events: SyncEvent[] = []
  const record = (event: SyncEvent) => void events.push(event)
  const stop = new AbortController().signal
  const deps = { now: () => Date.now() + laterMs, record, env, stop, patience }
  return { ...(await runPrune(world.config(), deps, options)), events }
}

function has(world: World, image: Image, bucket: string): boolean {
  const keys = new Set(world.store.keys(bucket, prefix))
  return image.blobs.some(({ descriptor }) => keys.has(prefix + descriptor.digest))
}

function isIndexed(world: World, image: Image): boolean {
  const text = Buffer.from(
    world.store.findObject(buckets[0]!, 'nearport/index/current.json')!.bytes,
  )
  const { key } = JSON.parse(text.toString()) as { key: string }
  const { bytes } = world.store.findObject(buckets[0]!, key)!
  const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  return image.blobs.some(({ descriptor }) => index.find(descriptor.digest as Digest) >= 0)
}

test('what nobody wants leaves the index first, and the bucket when its grace is over', async () => {
  const world = await worldWithOld()
  const first = await prune(world)
  expect(first).toMatchObject({
    problems: [],
    mirrors: [{ state: 'pruned', condemned: { blobs: 2 }, deleted: { blobs: 0 } }, {}],
  })
  expect(isIndexed(world, old)).toBe(false)
  for (const bucket of buckets) expect(has(world, old, bucket)).toBe(true)

  const early = await prune(world, {}, weekMs - 60_000)
  expect(early.mirrors[0]).toMatchObject({ waiting: { blobs: 2 }, deleted: { blobs: 0 } })
  expect(Date.parse(early.mirrors[0]!.nextDueAt!)).toBeLessThan(Date.now() + weekMs + 1)

  const due = await prune(world, {}, weekMs + 60_000)
  expect(due).toMatchObject({ problems: [], mirrors: [{ deleted: { blobs: 2 } }, {}] })
  expect(due.events.filter(({ step }) => step === 'deleted').length).toBe(4)
  for (const bucket of buckets) {
    expect(has(world, old, bucket)).toBe(false)
    expect(world.store.keys(bucket, prefix).length).toBe(19)
    expect(world.store.keys(bucket, 'nearport/condemned')).toEqual([])
  }
  expect(await prune(world)).toMatchObject({
    problems: [],
    mirrors: [{ condemned: { blobs: 0 } }, {}],
  })
})

test('a sync in between keeps out of the index what is to be deleted', async () => {
  const world = await worldWithOld()
  await prune(world)
  expect((await world.sync()).problems).toEqual([])
  expect(isIndexed(world, old)).toBe(false)
})

test('what is wanted again is pardoned, by a sync and by a prune', async () => {
  for (const by of ['sync', 'prune']) {
    const world = await worldWithOld()
    await prune(world)
    push(world.registry, 'app', old, 'back')
    if (by === 'sync') await world.sync()
    else expect((await prune(world)).mirrors[0]).toMatchObject({ pardoned: 2 })
    expect(isIndexed(world, old)).toBe(true)
    const later = await prune(world, {}, 2 * weekMs)
    expect(later).toMatchObject({ problems: [], mirrors: [{ deleted: { blobs: 0 } }, {}] })
    for (const bucket of buckets) expect(has(world, old, bucket)).toBe(true)
  }
})

test('a dry run says what it would do, and writes nothing', async () => {
  const world = await worldWithOld()
  world.store.requests.length = 0
  const dry = await prune(world, { dryRun: true })
  expect(dry).toMatchObject({ mirrors: [{ state: 'planned', condemned: { blobs: 2 } }, {}] })
  expect(
    world.store.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
  ).toEqual([])
})

test('more than the configured share is held back, unless it is forced', async () => {
  const world = await worldWithOld()
  for (const name of 'abcdef') world.registry.deleteTag('app', name)
  const held = await prune(world)
  expect(held.problems.map(({ subject }) => subject)).toEqual(['aws/us-east-1', 'aws/eu-west-1'])
  expect(held.problems[0]!.message).toContain('wanted at most 30.0 % of its bytes')
  expect(held.mirrors[0]).toMatchObject({ state: 'held-back' })
  expect(isIndexed(world, old)).toBe(true)
  expect(await prune(world, { force: true })).toMatchObject({
    problems: [],
    mirrors: [{ condemned: { blobs: 14 } }, {}],
  })
  expect(isIndexed(world, old)).toBe(false)
})

test.for<[string, (world: World) => void, string]>([
  [
    'a repository that cannot be walked',
    (world) => {
      world.registry.intercept = (request) =>
        request.url.includes('/tags/list') ? new Response(null, { status: 500 }) : undefined
    },
    'wanted every repository and manifest walked',
  ],
  [
    'a mirror that does not answer',
    (world) => {
      world.store.intercept = (request) =>
        request.url.includes(buckets[1]!) ? new Response(null, { status: 403 }) : undefined
    },
    'wanted every mirror to answer',
  ],
])('with %s nothing is condemned and nothing deleted', async ([, breakIt, message]) => {
  const world = await worldWithOld()
  await prune(world)
  breakIt(world)
  const ran = await prune(world, { force: true }, 2 * weekMs)
  expect(ran.problems.map((each) => each.message).join()).toContain(message)
  expect(ran.mirrors).toEqual([])
  for (const bucket of buckets) expect(has(world, old, bucket)).toBe(true)
})

test('where the new index cannot be published everywhere, nothing is deleted and no clock starts', async () => {
  const world = await worldWithOld()
  world.store.intercept = (request) =>
    request.method === 'PUT' && request.url.includes(`${buckets[1]!}/nearport/index/`)
      ? new Response(null, { status: 403 })
      : undefined
  const ran = await prune(world)
  expect(ran.problems.map(({ message }) => message).join()).toContain('nothing is deleted')
  expect(ran.mirrors).toMatchObject([{ state: 'not-done' }, { state: 'not-done' }])
  for (const bucket of buckets) expect(world.store.keys(bucket, 'nearport/condemned')).toEqual([])
})

test('a file of the condemned that is damaged is a problem, and nothing is published from it', async () => {
  const world = await worldWithOld()
  await prune(world)
  for (const text of ['{', '{"nearport":1}', '{"nearport":1,"blobs":{"x":"y"}}']) {
    world.store.putObject(buckets[0]!, 'nearport/condemned.json', Buffer.from(text))
    expect((await prune(world)).problems[0]).toMatchObject({ subject: 'prune' })
    const ran = await world.sync()
    expect(ran.problems.map(({ subject }) => subject)).toEqual(['aws/us-east-1'])
    expect(ran.mirrors).toMatchObject([{ state: 'left-out' }, { state: 'published' }])
  }
})
