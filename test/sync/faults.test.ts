import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { corrupted, cutShort } from '../../src/embedded/fault.ts'
import type { Image } from '../../src/embedded/images.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createStore } from '../../src/embedded/store.ts'
import { canaryOf } from '../../src/sync/publish/canary.ts'
import type { World } from './world.ts'
import { asked, createWorld, credentials, mirrorOf, publicPrefixes, serve } from './world.ts'

const [east, west] = ['mirror-us-east-1', 'mirror-eu-west-1'] as const
const prefix = 'containers/images/'
const app = imageOf({
  architecture: 'amd64',
  files: [{ path: 'app', content: Buffer.alloc(300_000, 7) }],
})
const configDigest = app.blobs[0]!.descriptor.digest
const layer = app.blobs[1]!.descriptor
// In a signed address the colon before it is encoded.
const hex = layer.digest.slice(7)

async function createAppWorld(image: Image = app): Promise<World> {
  const world = await createWorld()
  push(world.registry, 'app', image, '1.0')
  return world
}

const messages = (ran: { problems: readonly { subject: string; message: string }[] }) =>
  ran.problems.map(({ subject, message }) => `${subject}: ${message}`)
const has = (world: World, bucket: string, digest: string) =>
  world.store.findObject(bucket, prefix + digest) !== undefined

test('wrong bytes are refused by name and never seen, and the rest goes on', async () => {
  const world = await createAppWorld()
  world.registry.intercept = async (request, next) =>
    request.url.endsWith(layer.digest) ? corrupted(await next()) : undefined
  const ran = await world.sync()

  expect(messages(ran)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^app@${layer.digest}: wanted ${layer.digest} from the upstream, got sha256:[a-f0-9]{64}$`,
      ),
    ),
  ])
  expect([east, west].map((bucket) => has(world, bucket, layer.digest))).toEqual([false, false])
  expect([east, west].map((bucket) => has(world, bucket, configDigest))).toEqual([true, true])
  expect(ran.publication).toBe('new')
  // The same would come again, so it is not asked for again.
  expect(asked(world.registry, 'GET', layer.digest).length).toBe(1)
})

test('a body that is longer or shorter than its descriptor says is refused', async () => {
  const world = await createAppWorld()
  world.registry.intercept = (request) =>
    request.url.endsWith(layer.digest) ? new Response(Buffer.alloc(layer.size + 1)) : undefined
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    `app@${layer.digest}: wanted ${layer.size} bytes of ${layer.digest} from the upstream, got ${layer.size + 1}`,
  ])
  expect(has(world, east, layer.digest)).toBe(false)
})

test('a body that breaks off is gone on with where it ended', async () => {
  const world = await createAppWorld()
  let cuts = 0
  world.registry.intercept = async (request, next) =>
    request.url.endsWith(layer.digest) && cuts++ === 0 ? cutShort(await next(), 100_000) : undefined
  const ran = await world.sync()

  expect(ran.problems).toEqual([])
  expect(has(world, west, layer.digest)).toBe(true)
  const ranges = world.registry.requests
    .filter(({ path }) => path.endsWith(layer.digest))
    .map(({ headers }) => headers['range'])
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-\d+$/)])
  expect(ran.upstreamBytes).toBe(ran.plan.upstreamBytes)
})

test('a body that always breaks off is given up by name', async () => {
  const world = await createAppWorld()
  world.registry.intercept = async (request, next) =>
    request.url.endsWith(layer.digest) ? cutShort(await next(), 1000) : undefined
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    expect.stringContaining(`app@${layer.digest}: wanted ${layer.size} bytes`),
  ])
  expect(has(world, east, layer.digest)).toBe(false)
  expect(ran.events.filter(({ step }) => step === 'retried').length).toBe(2)
})

test('a blob the upstream does not have is named, and asked for once', async () => {
  const world = await createAppWorld()
  world.registry.deleteBlob('app', layer.digest)
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    expect.stringMatching(
      `^app@${layer.digest}: upstream answered 404 to GET http.*/blobs/${layer.digest}$`,
    ),
  ])
  expect(asked(world.registry, 'GET', layer.digest).length).toBe(1)
})

test('a store that is too busy for a moment is asked again', async () => {
  const world = await createAppWorld()
  let refused = 0
  world.store.intercept = (request) =>
    request.method === 'PUT' && request.url.includes('us-east-1/containers') && refused++ < 2
      ? new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
      : undefined
  const ran = await world.sync()
  expect(ran.problems).toEqual([])
  expect(refused).toBeGreaterThan(2)
})

test('a store that breaks off in the middle of a write has nothing, and gets it the next time', async () => {
  const world = await createAppWorld()
  let broken = 0
  world.store.intercept = async (request) => {
    if (request.method !== 'PUT' || !request.url.includes(hex) || broken++ > 0) return undefined
    // Some of the body, and then an error: what a proxy in front of a store does when it restarts.
    await request.clone().body?.getReader().read()
    return new Response('', { status: 500, headers: { connection: 'close' } })
  }
  const ran = await world.sync()
  expect(ran.problems).toEqual([])
  expect([east, west].map((bucket) => has(world, bucket, layer.digest))).toEqual([true, true])
})

test('a mirror whose writes fail gives way to the other, which is filled and published', async () => {
  const world = await createAppWorld()
  world.store.intercept = (request) =>
    request.method === 'PUT' && request.url.includes('us-east-1/containers')
      ? new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      : undefined
  const ran = await world.sync()
  expect(ran.mirrors).toMatchObject([
    { id: 'aws/us-east-1', state: 'left-out', blobs: 0 },
    { id: 'aws/eu-west-1', state: 'published', blobs: 3 },
  ])
  expect(messages(ran)).toContainEqual(
    expect.stringContaining(`aws/us-east-1 app@${layer.digest}: the store answered 403 to PUT`),
  )
  expect(messages(ran)).toContainEqual(
    expect.stringContaining(
      `aws/us-east-1: left out of the index: the store answered 403 to PUT ${prefix}${canaryOf('aws/us-east-1').digest}`,
    ),
  )
})

test('a mirror that refuses one write after the other is left alone', async () => {
  const world = await createWorld()
  const images = Array.from({ length: 6 }, (_, n) =>
    imageOf({ architecture: 'amd64', files: [{ path: `${n}`, content: `${n}` }] }),
  )
  for (const [n, image] of images.entries()) push(world.registry, 'app', image, `${n}`)
  world.file.sync = { concurrency: 1 }
  world.store.intercept = (request) =>
    request.method === 'PUT' && request.url.includes('us-east-1/containers')
      ? new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      : undefined
  const ran = await world.sync()
  expect(messages(ran)).toContain('aws/us-east-1: 5 writes in a row failed: 7 more were not tried')
  expect(ran.mirrors[1]).toMatchObject({ state: 'published', blobs: 13 })
})

test('a mirror that is down is left out, and the other is filled', async () => {
  const world = await createAppWorld()
  world.file.mirrors[0] = mirrorOf('us-east-1', 'http://127.0.0.1:1')
  const ran = await world.sync()
  expect(ran.mirrors).toMatchObject([
    { id: 'aws/us-east-1', state: 'unreachable' },
    { id: 'aws/eu-west-1', state: 'published', blobs: 3 },
  ])
  expect(messages(ran)).toEqual([
    expect.stringMatching(/^aws\/us-east-1: the store gave no answer .*ECONNREFUSED/),
  ])
})

test('a cloud without an endpoint that everyone knows needs one, and says so', async () => {
  const world = await createAppWorld()
  world.file.mirrors[0] = { id: 'r2/global', bucket: 'b', publicUrl: 'https://b.example' }
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    'r2/global: wanted endpoint in its configuration, got none: AWS and Google alone have a known one',
  ])
})

test('a canary whose bytes were damaged is mended', async () => {
  const world = await createAppWorld()
  await world.sync()
  const { digest, bytes } = canaryOf('aws/eu-west-1')
  world.store.putObject(west, prefix + digest, Buffer.alloc(bytes.length, 'x'))
  const ran = await world.sync()
  expect(messages(ran)).toEqual([])
  expect(ran.mirrors).toMatchObject([{ state: 'published' }, { state: 'published' }])
  expect(Buffer.from(world.store.findObject(west, prefix + digest)!.bytes)).toEqual(bytes)
})

test('a mirror whose credentials are not there is named with what is missing', async () => {
  const world = await createAppWorld()
  world.file.mirrors[0] = { ...world.file.mirrors[0], credentials: 'OTHER' }
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    'aws/us-east-1: wanted OTHER_ACCESS_KEY_ID in the environment, got none',
  ])
  expect(ran.mirrors[1]).toMatchObject({ state: 'published' })
})

test('a bucket that nobody may read is left out, with what was wanted and what came', async () => {
  const world = await createAppWorld()
  world.store.createBucket(west, { publicPrefixes: ['nearport/'] })
  const ran = await world.sync()
  const { digest, bytes } = canaryOf('aws/eu-west-1')
  const url = `${world.storeUrl}/${west}/${prefix}${digest}`
  expect(messages(ran)).toEqual([
    `aws/eu-west-1: left out of the index: wanted the ${bytes.length} bytes of the canary from GET ${url}, got 403`,
  ])
  expect(ran.mirrors).toMatchObject([{ state: 'published' }, { state: 'left-out', blobs: 3 }])
})

test('when the only mirror is left out, its own bucket says so', async () => {
  const world = await createAppWorld()
  world.file.mirrors.shift()
  await world.sync()
  world.store.createBucket(west, { publicPrefixes: ['nearport/'] })
  const ran = await world.sync()
  expect(ran).toMatchObject({ publication: 'new', mirrors: [{ state: 'left-out' }] })
  const pointer = await (
    await fetch(`${world.storeUrl}/${west}/nearport/index/current.json`)
  ).json()
  expect(pointer).toMatchObject({ generation: ran.generation })
  expect(ran.events).toContainEqual(expect.objectContaining({ step: 'published', blobs: 0 }))
})

test('an index that nobody may read is a problem, unless it is in a folder too', async () => {
  const world = await createAppWorld()
  for (const bucket of [east, west]) {
    world.store.createBucket(bucket, { publicPrefixes: ['containers/images/'] })
  }
  expect(messages(await world.sync())).toEqual([
    'the index: wanted nearport/index/ to be readable by anyone in one mirror, or index.directory to be set, ' +
      'got 403 from aws/us-east-1, 403 from aws/eu-west-1',
  ])

  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  world.file.index = { directory }
  expect(messages(await world.sync())).toEqual([])
})

test('an index that one mirror shows to anyone is enough', async () => {
  const world = await createAppWorld()
  world.store.createBucket(east, { publicPrefixes: ['containers/images/'] })
  expect(messages(await world.sync())).toEqual([])
})

test('a mirror that fails later loses its clients in a new generation', async () => {
  const world = await createAppWorld()
  const first = await world.sync()
  world.store.createBucket(west, { publicPrefixes: ['nearport/'] })
  const second = await world.sync()
  expect(second.publication).toBe('new')
  expect(second.generation).toBeGreaterThan(first.generation!)
  expect(second.events).toContainEqual(
    expect.objectContaining({
      step: 'published',
      to: ['aws/us-east-1', 'aws/eu-west-1'],
      blobs: 3,
    }),
  )
})

test('an object of another size is written over, and until then it is in no index', async () => {
  const world = await createAppWorld()
  await world.sync()
  world.store.putObject(west, prefix + layer.digest, Buffer.from('torn'))
  world.store.intercept = (request) =>
    request.method === 'PUT' && request.url.includes(hex)
      ? new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      : undefined
  const failed = await world.sync()
  expect(failed.publication).toBe('new')
  // Two blobs of the image, of which one mirror has one, and a canary each.
  expect(failed.events).toContainEqual(expect.objectContaining({ step: 'published', blobs: 4 }))
  expect(world.store.findObject(west, prefix + layer.digest)!.bytes.length).toBe(4)

  world.store.intercept = undefined
  world.registry.requests.length = 0
  const mended = await world.sync()
  expect(mended).toMatchObject({ problems: [], copied: { blobs: 1, bytes: layer.size } })
  expect(world.store.findObject(west, prefix + layer.digest)!.bytes.length).toBe(layer.size)
  expect(asked(world.registry, 'GET', '/blobs/')).toEqual([])
})

test('sizes that differ where no manifest says which is right are left out of the index', async () => {
  const world = await createAppWorld()
  const digest = `sha256:${'ab'.repeat(32)}`
  await world.sync()
  world.store.putObject(east, prefix + digest, Buffer.from('one'))
  world.store.putObject(west, prefix + digest, Buffer.from('other'))
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    `${digest}: wanted one size in every mirror, got several: left out of the index`,
  ])
  expect(ran.publication).toBe('unchanged')
})

test('two stores are both written to while the upstream is read once', async () => {
  const world = await createAppWorld()
  const other = createStore(credentials)
  other.createBucket(west, { publicPrefixes })
  world.file.mirrors[1] = mirrorOf('eu-west-1', await serve(other))
  const ran = await world.sync()

  expect(ran).toMatchObject({ problems: [], uploaded: { blobs: 4 }, copied: { blobs: 0 } })
  expect(asked(world.registry, 'GET', '/blobs/').length).toBe(2)
  expect(ran.upstreamBytes).toBe(ran.plan.upstreamBytes)
  expect(other.findObject(west, prefix + layer.digest)!.bytes.length).toBe(layer.size)
  expect(other.requests.some(({ headers }) => 'x-amz-copy-source' in headers)).toBe(false)
  expect((await world.sync()).copied.blobs).toBe(0)
})

test('a mirror found to hold wrong bytes is no source, is named, and is mended', async () => {
  const world = await createAppWorld()
  const other = createStore(credentials)
  other.createBucket(west, { publicPrefixes })
  world.file.mirrors[1] = mirrorOf('eu-west-1', await serve(other))
  await world.sync()
  world.store.putObject(east, prefix + layer.digest, Buffer.alloc(layer.size, 1))
  other.deleteObject(west, prefix + layer.digest)
  const ran = await world.sync()

  expect(messages(ran)).toEqual([
    expect.stringMatching(
      `^aws/us-east-1 app@${layer.digest}: wanted ${layer.digest} from aws/us-east-1, got sha256:`,
    ),
  ])
  const bytes = app.blobs[1]!.bytes
  expect(
    Buffer.from(world.store.findObject(east, prefix + layer.digest)!.bytes).equals(bytes),
  ).toBe(true)
  expect(Buffer.from(other.findObject(west, prefix + layer.digest)!.bytes).equals(bytes)).toBe(true)
  expect((await world.sync()).problems).toEqual([])
})

test('a store that may not copy between two of its buckets is given the bytes', async () => {
  const world = await createAppWorld()
  world.store.intercept = (request) =>
    request.headers.has('x-amz-copy-source')
      ? new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      : undefined
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], uploaded: { blobs: 2 }, copied: { blobs: 2 } })
  expect(asked(world.registry, 'GET', '/blobs/').length).toBe(2)
})

test('a blob too large for one request is asked for like any other, and named where it is not there', async () => {
  const sizeBytes = 5 * 1024 ** 3 + 1
  const digest = `sha256:${'cd'.repeat(32)}`
  const manifest = { layers: [{ mediaType: 'x', digest, size: sizeBytes }] }
  const world = await createAppWorld()
  const type = 'application/vnd.oci.image.manifest.v1+json'
  world.registry.putManifest('app', 'huge', type, Buffer.from(JSON.stringify(manifest)))
  const ran = await world.sync()
  expect(messages(ran)).toEqual([
    expect.stringMatching(`^app@${digest}: upstream answered 404 to GET http.*/blobs/${digest}$`),
  ])
  expect(asked(world.registry, 'GET', digest).length).toBe(1)
  expect(ran.publication).toBe('new')
})

test('with no good mirror the folder still gets an index, that sends everyone to the upstream', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const world = await createAppWorld()
  world.file.index = { directory: join(directory, 'new') }
  await world.sync()
  for (const bucket of [east, west]) world.store.createBucket(bucket, {})
  const ran = await world.sync()

  expect(ran.publication).toBe('new')
  const names = (await readdir(join(directory, 'new/index'))).toSorted()
  expect(names.at(-1)).toBe('current.json')
  const pointer = JSON.parse(await readFile(join(directory, 'new/index/current.json'), 'utf8'))
  expect(pointer).toMatchObject({ generation: ran.generation, key: `index/${ran.generation}.bin` })
  expect(names).toContain(`${ran.generation}.bin`)
})

test('with no mirror at all to reach, nothing is published and that is said', async () => {
  const world = await createAppWorld()
  world.file.mirrors = [mirrorOf('us-east-1', 'http://127.0.0.1:1')]
  const ran = await world.sync()
  expect(messages(ran).at(-1)).toBe('the index: it could be published nowhere')
  expect(ran.publication).toBe('none')
  expect(world.registry.requests).toEqual([])
})

test('a mirror whose public address is the other’s bucket is left out', async () => {
  const world = await createAppWorld()
  world.file.mirrors[1]!['publicUrl'] = `${world.storeUrl}/${east}`
  const ran = await world.sync()
  expect(ran.mirrors).toMatchObject([{ state: 'published' }, { state: 'left-out', blobs: 3 }])
  expect(messages(ran)).toEqual([
    expect.stringMatching(
      /^aws\/eu-west-1: left out of the index: wanted .* the canary .*, got 403$/,
    ),
  ])
})

test('a canary that is gone is written again', async () => {
  const world = await createAppWorld()
  await world.sync()
  world.store.deleteObject(east, prefix + canaryOf('aws/us-east-1').digest)
  const ran = await world.sync()
  expect(ran.problems).toEqual([])
  const written = ran.events.flatMap((event) => (event.step === 'canary' ? [event.mirror] : []))
  expect(written).toEqual(['aws/us-east-1'])
  expect((await world.sync()).events.map(({ step }) => step)).not.toContain('canary')
})

test('a run that may ask no mirror takes nothing from clients whom the mirrors serve', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const world = await createAppWorld()
  world.file.index = { directory }
  const first = await world.sync()
  // Its credentials are over; what anyone may read, anyone still may.
  world.store.intercept = (request) =>
    request.headers.has('authorization')
      ? new Response('<Error><Code>ExpiredToken</Code></Error>', { status: 403 })
      : undefined
  const ran = await world.sync()
  expect(ran).toMatchObject({
    publication: 'none',
    mirrors: [{ state: 'unreachable' }, { state: 'unreachable' }],
  })
  expect(messages(ran).at(-1)).toBe(
    'the index: none was published: no mirror could be asked, and clients are still served by aws/us-east-1, aws/eu-west-1',
  )
  const pointer = JSON.parse(await readFile(join(directory, 'index/current.json'), 'utf8'))
  expect(pointer).toMatchObject({ generation: first.generation })

  // Stopped before that is known, it takes nothing either.
  const stop = new AbortController()
  world.store.intercept = (request) => {
    if (!request.headers.has('authorization')) stop.abort()
    return new Response('', { status: 403 })
  }
  expect(await world.sync({}, stop.signal)).toMatchObject({ publication: 'none' })

  // With nobody served either, they are told to go to the upstream.
  world.store.intercept = () => new Response('', { status: 403 })
  expect(await world.sync()).toMatchObject({ publication: 'new' })
})

test('a generation that is damaged is named and mended', async () => {
  const world = await createAppWorld()
  const { generation } = await world.sync()
  const key = `nearport/index/${generation}.bin`
  const whole = Buffer.from(world.store.findObject(west, key)!.bytes)
  const damaged = Buffer.from(whole)
  damaged[damaged.length - 1]! ^= 2
  world.store.putObject(west, key, damaged)
  expect(messages(await world.sync())).toEqual([
    expect.stringMatching(`^${key} in aws/eu-west-1: wanted ${whole.length} bytes of sha256:`),
  ])
  expect(Buffer.from(world.store.findObject(west, key)!.bytes).equals(whole)).toBe(true)
})

test.for<[string, string, () => Response, RegExp]>([
  ['a generation of other bytes', '.bin', () => new Response('x'), /other bytes for nearport/],
  ['no generation', '.bin', () => new Response('', { status: 404 }), /404 for nearport\/index/],
  [
    'no pointer',
    'current.json',
    () => new Response('<html>'),
    /current\.json that is none \(wanted JSON\)/,
  ],
  ['no answer', '.bin', () => new Response('', { status: 503 }), /got 503 from aws\/us-east-1/],
])('an index of which anyone gets %s is a problem', async ([, part, answer, message]) => {
  const world = await createAppWorld()
  world.store.intercept = (request) =>
    request.url.endsWith(part) && !request.headers.has('authorization') ? answer() : undefined
  expect(messages(await world.sync())).toEqual([expect.stringMatching(message)])
})
