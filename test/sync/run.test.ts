import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { hashedPart, openIndex } from '../../src/core/blob-index.ts'
import type { Digest } from '../../src/core/digest.ts'
import { parseIndexPointer } from '../../src/core/index-pointer.ts'
import { push } from '../../src/embedded/images.ts'
import { createSamples } from '../../src/embedded/samples.ts'
import { canaryOf } from '../../src/sync/publish/canary.ts'
import type { World } from './world.ts'
import { asked, createWorld, mirrorOf } from './world.ts'

const buckets = ['mirror-us-east-1', 'mirror-eu-west-1']
const prefix = 'containers/images/'

async function createSampleWorld(): Promise<World> {
  const world = await createWorld()
  for (const { repository, image, tags } of createSamples()) {
    push(world.registry, repository, image, ...tags)
  }
  return world
}

function readIndex(world: World, bucket: string) {
  const text = Buffer.from(world.store.findObject(bucket, 'nearport/index/current.json')!.bytes)
  const pointer = parseIndexPointer(text.toString(), 'nearport/index/')
  if (typeof pointer === 'string') throw new Error(pointer)
  const { bytes } = world.store.findObject(bucket, pointer.key)!
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(pointer.sha256)
  const hash = createHash('sha256').update(hashedPart(bytes)).digest()
  return { pointer, index: openIndex(bytes, hash) }
}

test('fills two mirrors, reading each blob once and copying it inside the store', async () => {
  const world = await createSampleWorld()
  const ran = await world.sync()

  expect(ran.problems).toEqual([])
  expect(ran).toMatchObject({
    repositories: 4,
    manifests: 8,
    plan: { wantedBlobs: 15, upstreamReads: 15, writes: 30 },
    uploaded: { blobs: 15 },
    copied: { blobs: 15 },
    publication: 'new',
    mirrors: [
      { id: 'aws/us-east-1', state: 'published', blobs: 16 },
      { id: 'aws/eu-west-1', state: 'published', blobs: 16 },
    ],
  })
  const reads = asked(world.registry, 'GET', '/blobs/')
  expect(reads.length).toBe(15)
  expect(new Set(reads).size).toBe(15)
  expect(ran.upstreamBytes).toBe(ran.plan.upstreamBytes)

  for (const bucket of buckets) {
    const keys = world.store.keys(bucket, prefix)
    expect(keys.length).toBe(16)
    for (const key of keys) {
      const { bytes, headers } = world.store.findObject(bucket, key)!
      expect(`${prefix}sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(key)
      expect(headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'cache-control': 'public, max-age=31536000, immutable',
      })
      expect(headers).not.toHaveProperty('content-encoding')
    }
  }
  const digests = createSamples().flatMap(({ image }) => [
    ...image.blobs,
    ...image.children.flatMap((child) => child.blobs),
  ])
  for (const { descriptor } of digests) {
    expect(world.store.findObject(buckets[1]!, prefix + descriptor.digest)).toBeDefined()
  }
})

test('publishes an index that says of every mirror what its bucket lists', async () => {
  const world = await createSampleWorld()
  // From before there were manifests: the bucket lists it, so the index has it.
  await world.sync()
  const extra = Buffer.from('older than every tag')
  const extraDigest = `sha256:${createHash('sha256').update(extra).digest('hex')}`
  world.store.putObject(buckets[1]!, prefix + extraDigest, extra)
  world.store.putObject(buckets[1]!, `${prefix}README`, extra)
  const ran = await world.sync()

  const { index, pointer } = readIndex(world, buckets[0]!)
  expect(pointer.generation).toBe(ran.generation)
  expect(index.generation).toBe(ran.generation)
  expect(index.mirrors).toEqual([
    {
      id: 'aws/us-east-1',
      url: `${world.storeUrl}/mirror-us-east-1/containers/images/{algorithm}:{hex}`,
    },
    {
      id: 'aws/eu-west-1',
      url: `${world.storeUrl}/mirror-eu-west-1/containers/images/{algorithm}:{hex}`,
    },
  ])
  // Those of the images, the extra one, and each mirror's canary.
  expect(index.blobs).toBe(18)
  for (const [at, bucket] of buckets.entries()) {
    for (const key of world.store.keys(bucket, `${prefix}sha256:`)) {
      const row = index.find(key.slice(prefix.length) as Digest)
      expect(index.holds(row, at)).toBe(true)
      expect(index.sizeBytes(row)).toBe(world.store.findObject(bucket, key)!.bytes.length)
    }
  }
  expect(index.holds(index.find(extraDigest as Digest), 0)).toBe(false)
  expect(readIndex(world, buckets[1]!).pointer.sha256).toBe(pointer.sha256)
})

test('a second run uploads nothing, reads no blob, and only says that it looked', async () => {
  const world = await createSampleWorld()
  const first = await world.sync()
  const before = readIndex(world, buckets[0]!).pointer
  world.registry.requests.length = 0
  world.store.requests.length = 0
  const second = await world.sync()

  expect(second).toMatchObject({
    problems: [],
    publication: 'unchanged',
    generation: first.generation,
    uploaded: { blobs: 0, bytes: 0 },
    copied: { blobs: 0, bytes: 0 },
    upstreamBytes: 0,
  })
  expect(asked(world.registry, 'GET', '/blobs/')).toEqual([])
  expect(asked(world.store, 'PUT').toSorted()).toEqual(
    buckets.map((bucket) => `/${bucket}/nearport/index/current.json`).toSorted(),
  )
  const { pointer } = readIndex(world, buckets[0]!)
  expect(pointer).toEqual({ ...before, checkedAt: pointer.checkedAt })
  expect(Date.parse(pointer.checkedAt)).toBeGreaterThan(Date.parse(before.checkedAt))
})

test('a run that was cut short is gone on with: what arrived is not sent again', async () => {
  const world = await createSampleWorld()
  let puts = 0
  world.store.intercept = (request) => {
    const isBlob = request.method === 'PUT' && request.url.includes('containers/images')
    return isBlob && ++puts > 6 ? new Response('no more', { status: 403 }) : undefined
  }
  const first = await world.sync()
  expect(first.problems.length).toBeGreaterThan(0)
  const arrived = buckets.map((bucket) => world.store.keys(bucket, prefix).length)
  expect(arrived[0]! + arrived[1]!).toBe(6)

  world.store.intercept = undefined
  const second = await world.sync()
  expect(second.problems).toEqual([])
  expect(second.uploaded.blobs + second.copied.blobs).toBe(30 - 6)
})

test('a stop ends the run, publishes nothing and leaves nothing half-written', async () => {
  const world = await createSampleWorld()
  const stop = new AbortController()
  world.registry.intercept = async (request, next) => {
    if (request.url.includes('/blobs/')) stop.abort()
    return next()
  }
  const ran = await world.sync({}, stop.signal)
  expect(ran.publication).toBe('none')
  expect(ran.mirrors.map(({ state }) => state)).toEqual(['stopped', 'stopped'])
  expect(ran.problems).toContainEqual({
    subject: 'sync',
    message: 'it was stopped: the next run goes on where this one ended',
  })
  for (const bucket of buckets) {
    for (const key of world.store.keys(bucket, prefix)) {
      const { bytes } = world.store.findObject(bucket, key)!
      expect(key).toContain(createHash('sha256').update(bytes).digest('hex'))
    }
    expect(world.store.keys(bucket, 'nearport/index/')).toEqual([])
  }
})

test('a dry run writes nothing and says how much there is to do', async () => {
  const world = await createSampleWorld()
  const ran = await world.sync({ dryRun: true })
  expect(ran).toMatchObject({
    dryRun: true,
    problems: [],
    plan: { wantedBlobs: 15, upstreamReads: 15, writes: 30 },
    publication: 'none',
    mirrors: [{ state: 'planned' }, { state: 'planned' }],
  })
  expect(asked(world.store, 'PUT')).toEqual([])
  expect(asked(world.registry, 'GET', '/blobs/')).toEqual([])
})

test('the layout that docker’s own storage driver writes is read and written', async () => {
  const world = await createSampleWorld()
  const root = 'docker/registry/v2/blobs/'
  world.file.mirrors = [
    {
      ...mirrorOf('us-east-1', world.storeUrl),
      keyTemplate: `${root}{algorithm}/{hex:2}/{hex}/data`,
    },
  ]
  world.store.createBucket(buckets[0]!, { publicPrefixes: [root, 'nearport/'] })
  // The driver keeps other things there too, which are no blobs.
  world.store.putObject(
    buckets[0]!,
    'docker/registry/v2/repositories/app/_layers/link',
    Buffer.from('x'),
  )
  const ran = await world.sync({ claim: 'aws/us-east-1' })

  expect(ran.problems).toEqual([])
  const keys = world.store.keys(buckets[0]!, root)
  expect(keys.length).toBe(16)
  const hex = canaryOf('aws/us-east-1').digest.slice(7)
  expect(keys).toContain(`${root}sha256/${hex.slice(0, 2)}/${hex}/data`)
  expect(readIndex(world, buckets[0]!).index.blobs).toBe(16)
  expect((await world.sync()).uploaded.blobs).toBe(0)
})

test('upstreams are asked by their own names, each for its own repositories', async () => {
  const world = await createWorld()
  const [hello, , , tools] = createSamples()
  push(world.registry, 'prod/images/app', hello!.image, '1.0')
  push(world.registry, 'other/app', hello!.image, '1.0')
  push(world.registry, 'quay/tools', tools!.image, '2.1')
  world.file.upstreams = [
    { registry: world.registryUrl, namespace: 'prod/images' },
    { registry: world.registryUrl, repositories: 'quay' },
  ]
  const ran = await world.sync()
  expect(ran.problems).toEqual([])
  const walked = ran.events.flatMap((event) => (event.step === 'walked' ? [event.repository] : []))
  expect(walked.toSorted()).toEqual(['app', 'quay/tools'])
  expect(asked(world.registry, 'GET', '/v2/prod/images/app/manifests/1.0').length).toBe(1)
  expect(asked(world.registry, 'GET', '/other/')).toEqual([])
})

test('a mirror keeps as many generations as it is told to', async () => {
  const world = await createWorld()
  world.file.index = { keepGenerations: 2 }
  const generations: number[] = []
  for (const { repository, image, tags } of createSamples()) {
    push(world.registry, repository, image, ...tags)
    generations.push((await world.sync()).generation!)
  }
  const kept = [...new Set(generations)].slice(-2).map((each) => `nearport/index/${each}.bin`)
  for (const bucket of buckets) {
    const keys = world.store.keys(bucket, 'nearport/index/')
    expect(keys).toEqual([...kept, 'nearport/index/current.json'])
  }
})

test('a run that is over waits for no deadline of its calls', async () => {
  const world = await createSampleWorld()
  const stop = new AbortController()
  let most = 0
  world.registry.intercept = () => {
    most = Math.max(most, getEventListeners(stop.signal, 'abort').length)
    return undefined
  }
  const timeouts = vi.spyOn(AbortSignal, 'timeout')
  onTestFinished(() => timeouts.mockRestore())
  expect((await world.sync({}, stop.signal)).problems).toEqual([])
  // Those of the calls under way, and not of every call there was.
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(40)
  await expect.poll(() => getEventListeners(stop.signal, 'abort').length).toBe(0)
  expect(timeouts).not.toHaveBeenCalled()
})
