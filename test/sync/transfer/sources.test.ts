import { expect, test } from 'vitest'
import { imageOf, push } from '../../../src/embedded/images.ts'
import { createStore } from '../../../src/embedded/store.ts'
import type { World } from '../world.ts'
import { asked, createWorld, credentials, mirrorOf, publicPrefixes, serve } from '../world.ts'

// Which way a blob takes to a mirror, and what becomes of the wrong bytes on it.
const [east, west] = ['mirror-us-east-1', 'mirror-eu-west-1'] as const
const app = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })
const layer = app.blobs[1]!
const { digest, size } = layer.descriptor
const key = `containers/images/${digest}`

async function createAppWorld(...repositories: readonly string[]): Promise<World> {
  const world = await createWorld()
  for (const name of repositories) push(world.registry, name, app, '1.0')
  return world
}

const isRight = (world: World, bucket: string) => {
  const object = world.store.findObject(bucket, key)
  return object !== undefined && Buffer.from(object.bytes).equals(layer.bytes)
}
const copies = (world: World) =>
  world.store.requests.filter(({ headers }) => 'x-amz-copy-source' in headers).length

test('wrong bytes of the right size that a mirror lists do not spread, and are mended', async () => {
  const world = await createAppWorld('app')
  world.store.putObject(east, key, Buffer.alloc(size, 1))
  const ran = await world.sync({ claim: 'aws/us-east-1' })
  expect(ran.problems).toEqual([
    {
      subject: `aws/us-east-1 app@${digest}`,
      message: expect.stringMatching(`^wanted ${digest} from aws/us-east-1, got sha256:`),
    },
  ])
  expect([isRight(world, east), isRight(world, west)]).toEqual([true, true])
  expect((await world.sync()).problems).toEqual([])
})

test('a blob is copied from a mirror whose store shows its SHA-256, and not read', async () => {
  const world = await createAppWorld('app')
  await world.sync()
  world.store.deleteObject(west, key)
  const before = copies(world)
  expect(await world.sync()).toMatchObject({ problems: [], copied: { blobs: 1 } })
  expect(copies(world) - before).toBe(1)
  expect(asked(world.store, 'GET', digest.slice(7))).toEqual([])
})

test('a blob whose store shows no SHA-256 is read, and then copied from where it was read', async () => {
  const world = await createAppWorld('app')
  world.store.createBucket('mirror-eu-west-3', { publicPrefixes })
  world.file.mirrors.push(mirrorOf('eu-west-3', world.storeUrl))
  world.store.putObject(east, key, layer.bytes)
  world.store.intercept = (request) =>
    request.method === 'HEAD' && request.headers.has('authorization')
      ? new Response(null, { status: 403 })
      : undefined
  const before = copies(world)
  const ran = await world.sync({ claim: 'aws/us-east-1' })
  // The layer to two mirrors, and the configuration from one to the two others.
  expect(ran).toMatchObject({ problems: [], uploaded: { blobs: 1 }, copied: { blobs: 4 } })
  expect(copies(world) - before).toBe(3)
  expect(isRight(world, west)).toBe(true)
  expect(asked(world.registry, 'GET', digest)).toEqual([])
})

test('a copy that fails each time gives way to the bytes', async () => {
  const world = await createAppWorld('app')
  world.store.intercept = (request) =>
    request.headers.has('x-amz-copy-source')
      ? new Response('<Error><Code>InternalError</Code></Error>', { status: 500 })
      : undefined
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], uploaded: { blobs: 2 }, copied: { blobs: 2 } })
  expect(isRight(world, west)).toBe(true)
})

test('a blob that its first repository lacks is read from the next', async () => {
  const world = await createAppWorld('a', 'b')
  world.file.sync = { concurrency: 1 }
  world.registry.deleteBlob('a', digest)
  const ran = await world.sync()
  expect(ran.problems).toEqual([])
  expect([isRight(world, east), isRight(world, west)]).toEqual([true, true])
  expect(ran.events).toContainEqual(
    expect.objectContaining({ step: 'retried', digest, why: expect.stringMatching(/404 .*\/a\//) }),
  )
})

test('wrong bytes in one repository are named, although the next has the right ones', async () => {
  const world = await createAppWorld('a', 'b')
  world.file.sync = { concurrency: 1 }
  world.registry.intercept = (request) =>
    request.url.endsWith(`/a/blobs/${digest}`) ? new Response(Buffer.alloc(size, 1)) : undefined
  const ran = await world.sync()
  expect(ran.problems.map(({ subject }) => subject)).toEqual([`a@${digest}`])
  expect(isRight(world, west)).toBe(true)
})

test('a blob that no repository has is asked for in four of them, and named once', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const world = await createAppWorld(...names)
  for (const name of names) world.registry.deleteBlob(name, digest)
  const ran = await world.sync()
  expect(ran.problems.length).toBe(1)
  expect(asked(world.registry, 'GET', digest).length).toBe(4)
})

test('what the upstream was asked as often as it may be is not asked again', async () => {
  const world = await createAppWorld('app')
  world.registry.intercept = (request) =>
    request.url.endsWith(digest) ? new Response('', { status: 429 }) : undefined
  const ran = await world.sync()
  expect(ran.problems.length).toBe(1)
  expect(ran.problems[0]!.message).toMatch(/answered 429 .*\(3 tries/)
  expect(asked(world.registry, 'GET', digest).length).toBe(3)
})

test('a source in another store that is gone is named, and the upstream is read', async () => {
  const world = await createAppWorld('app')
  const other = createStore(credentials)
  other.createBucket(west, { publicPrefixes })
  world.file.mirrors[1] = mirrorOf('eu-west-1', await serve(other))
  await world.sync()
  other.deleteObject(west, key)
  world.store.intercept = (request) =>
    request.method === 'GET' && request.url.includes(digest.slice(7))
      ? new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      : undefined
  const ran = await world.sync()
  expect(ran.problems.map(({ subject }) => subject)).toEqual([`aws/us-east-1 app@${digest}`])
  expect(ran).toMatchObject({ uploaded: { blobs: 1 }, copied: { blobs: 0 } })
})

test.for<[string, string | undefined, number, number]>([
  ['in ranges', undefined, 3, 0],
  ['as one where its ranges are not those that were asked for', 'bytes 5-4194308/9000000', 2, 1],
])('a large blob is read %s', async ([, contentRange, gets, retries]) => {
  const world = await createWorld()
  const content = Buffer.alloc(9_000_000, 'large')
  const large = imageOf({ architecture: 'amd64', files: [{ path: 'large', content }] })
  push(world.registry, 'large', large, '1.0')
  world.file.sync = { ranges: { fromBytes: 1_048_576 } }
  world.registry.intercept = async (request, next) => {
    if (contentRange === undefined || !request.headers.has('range')) return undefined
    const answer = await next()
    const headers = new Headers(answer.headers)
    headers.set('content-range', contentRange)
    return new Response(answer.body, { status: 206, headers })
  }
  const ran = await world.sync()
  const blob = large.blobs[1]!.descriptor
  expect(ran.problems).toEqual([])
  expect(asked(world.registry, 'GET', blob.digest).length).toBe(gets)
  expect(ran.events.filter(({ step }) => step === 'retried').length).toBe(retries)
  expect(ran.upstreamBytes).toBe(ran.plan.upstreamBytes)
  const stored = world.store.findObject(west, `containers/images/${blob.digest}`)!
  expect(Buffer.from(stored.bytes).equals(large.blobs[1]!.bytes)).toBe(true)
})
