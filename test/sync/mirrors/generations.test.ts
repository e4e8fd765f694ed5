import { expect, test } from 'vitest'
import { listGenerations, releaseGeneration } from '../../../src/sync/mirrors/generations.ts'
import { rollBack } from '../../../src/sync/mirrors/mirror-rollback.ts'
import { readMirrorsState } from '../../../src/sync/mirrors/mirror-state.ts'
import { createMirrorWorld, east, eastBucket, ireland } from './mirror-world.ts'

const irelandBucket = 'mirror-eu-west-1'
const both = [eastBucket, irelandBucket]

/** Two mirrors with two generations: the first has blob a, the second b too. */
async function createGrownWorld() {
  const world = await createMirrorWorld()
  await world.setUp(east)
  await world.setUp(ireland)
  world.putBlob('a', 100, ...both)
  const first = (await world.publish()).generation
  world.clock.ms += 1000
  world.putBlob('b', 200, ...both)
  const second = (await world.publish()).generation
  world.clock.ms += 1000
  return {
    ...world,
    first,
    second,
    list: () => listGenerations(world.config(), world.deps),
    back: (options: Partial<Parameters<typeof rollBack>[2]> = {}) =>
      rollBack(world.config(), world.deps, { dryRun: false, ...options }),
    release: (dryRun = false) => releaseGeneration(world.config(), world.deps, { dryRun }),
    state: () => readMirrorsState(world.config(), world.deps),
    pointer: (bucket: string) =>
      JSON.parse(
        Buffer.from(
          world.store.findObject(bucket, 'nearport/index/current.json')!.bytes,
        ).toString(),
      ) as { generation: number; pinned?: { generation: number } },
  }
}

test('lists what each place has, the newest first', async () => {
  const { list, first, second } = await createGrownWorld()
  const places = [east, ireland]
  expect(await list()).toMatchObject([
    {
      generation: second,
      madeAt: new Date(second).toISOString(),
      blobs: 4,
      places,
      isCurrent: true,
    },
    { generation: first, blobs: 3, places, isCurrent: false, pinnedTo: undefined },
  ])
})

test('goes back to the generation before, and a sync publishes nothing until it is released', async () => {
  const world = await createGrownWorld()
  const rolled = (await world.back())!
  expect(rolled).toMatchObject({ from: world.first, blobs: 3, lost: 0, to: [east, ireland] })
  expect(rolled.generation).toBeGreaterThan(world.second)
  for (const bucket of both) {
    expect(world.pointer(bucket)).toMatchObject({
      generation: rolled.generation,
      pinned: { generation: world.first },
    })
  }
  expect(await world.state()).toMatchObject({
    generation: rolled.generation,
    pinnedTo: world.first,
    mirrors: [{ serves: true, indexed: { blobs: 2, unlisted: 1 } }, { serves: true }],
  })

  world.clock.ms += 1000
  const pinned = { how: 'pinned', generation: rolled.generation, to: [east, ireland] }
  expect(await world.publish()).toEqual(pinned)
  expect(world.deps.recorder.problems).toEqual([])
  expect(world.pointer(eastBucket).generation).toBe(rolled.generation)

  expect(await world.release()).toEqual({ generation: rolled.generation, to: [east, ireland] })
  expect(world.pointer(eastBucket).pinned).toBeUndefined()
  expect(await world.publish()).toMatchObject({ how: 'new' })
  expect((await world.state()).mirrors[0]).toMatchObject({ indexed: { blobs: 3, unlisted: 0 } })
  expect(await world.release()).toMatchObject({ to: [] })
})

test('goes back twice, each time to the one before', async () => {
  const world = await createGrownWorld()
  world.putBlob('c', 300, ...both)
  const third = (await world.publish()).generation
  expect(await world.back()).toMatchObject({ from: world.second })
  world.clock.ms += 1000
  expect(await world.back()).toMatchObject({ from: world.first })
  world.clock.ms += 1000
  expect(await world.back()).toBeUndefined()
  expect(world.deps.recorder.problems).toEqual([
    { subject: 'the index', message: 'wanted a generation before the current one, got none' },
  ])
  world.clock.ms += 1000
  expect(await world.back({ generation: third })).toMatchObject({ from: third, blobs: 5 })
})

test('lists nothing that a mirror has not any more, or has of another size, or is to lose', async () => {
  const world = await createGrownWorld()
  const digest = world.putBlob('a', 100)
  world.store.deleteObject(eastBucket, `containers/images/${digest}`)
  world.putBlob('a', 7, irelandBucket)
  expect(await world.back({ dryRun: true })).toMatchObject({ blobs: 2, lost: 1, to: [] })
  const b = world.putBlob('b', 200)
  const condemned = JSON.stringify({ nearport: 1, blobs: { [b]: '2026-01-01T00:00:00Z' } })
  world.store.putObject(eastBucket, 'nearport/condemned.json', Buffer.from(condemned))
  expect(await world.back({ generation: world.second })).toMatchObject({ lost: 1 })
  const { mirrors } = await world.state()
  expect(mirrors.map(({ indexed }) => indexed)).toEqual([
    { blobs: 1, missing: 0, unlisted: 1 },
    { blobs: 2, missing: 0, unlisted: 1 },
  ])
})

test('a mirror that does not serve is left out, and said', async () => {
  const world = await createGrownWorld()
  world.store.intercept = (request) =>
    request.url.includes(irelandBucket) && !request.headers.has('authorization')
      ? new Response('', { status: 403 })
      : undefined
  expect(await world.back()).toMatchObject({ blobs: 2, to: [east, ireland] })
  expect(world.deps.recorder.problems).toEqual([
    { subject: ireland, message: expect.stringMatching(/^left out of the index: .* got 403$/) },
  ])
})

test('a mirror that cannot say what it is to delete is left out, and said', async () => {
  const world = await createGrownWorld()
  world.store.putObject(eastBucket, 'nearport/condemned.json', Buffer.from('{'))
  expect(await world.back()).toMatchObject({ blobs: 2 })
  expect(world.deps.recorder.problems).toEqual([
    { subject: east, message: expect.stringMatching(/^left out of the index: wanted .* got \{$/) },
  ])
})

test('does not go back to nothing, nor to what is not there', async () => {
  const world = await createGrownWorld()
  expect(await world.back({ generation: 17 })).toBeUndefined()
  expect(world.deps.recorder.problems.at(-1)!.message).toBe(
    'wanted generation 17, which no place has whole',
  )
  world.store.intercept = (request) =>
    request.headers.has('authorization') ? undefined : new Response('', { status: 403 })
  expect(await world.back()).toMatchObject({ generation: undefined, to: [] })
  expect(world.deps.recorder.problems.at(-1)!.message).toMatch(
    /^no mirror that serves holds a blob/,
  )
  expect(world.pointer(eastBucket).generation).toBe(world.second)
})

test('a dry run of each writes nothing', async () => {
  const world = await createGrownWorld()
  const before = world.store.keys(eastBucket)
  expect(await world.back({ dryRun: true })).toMatchObject({ from: world.first, blobs: 3 })
  expect(world.store.keys(eastBucket)).toEqual(before)
  const { generation } = (await world.back())!
  expect(await world.release(true)).toEqual({ generation, to: [east, ireland] })
  expect(world.pointer(eastBucket).pinned?.generation).toBe(world.first)
})

test('a pin that is set while a sync publishes is not lost', async () => {
  const world = await createGrownWorld()
  world.putBlob('c', 300, ...both)
  let rolled: Awaited<ReturnType<typeof world.back>>
  world.store.intercept = async (request, next) => {
    // Before the sync's pointer is written, somebody goes back.
    const isPointer = request.method === 'PUT' && request.url.includes('current.json')
    if (!isPointer || rolled !== undefined) return undefined
    world.store.intercept = undefined
    rolled = await world.back({ generation: world.first })
    return next()
  }
  expect(await world.publish()).toMatchObject({ how: 'pinned', generation: rolled!.generation })
  for (const bucket of both) {
    expect(world.pointer(bucket).pinned?.generation).toBe(world.first)
  }
})
