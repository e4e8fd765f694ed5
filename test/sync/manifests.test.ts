import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { artifactOf, fileOf } from '../../src/embedded/artifacts.ts'
import type { Image } from '../../src/embedded/images.ts'
import { imageOf, indexOf, push } from '../../src/embedded/images.ts'
import { runAudit } from '../../src/sync/audit.ts'
import { runPrune } from '../../src/sync/prune.ts'
import type { World } from './world.ts'
import { asked, createWorld, env, patience } from './world.ts'

// Manifests in mirrors, where the configuration wants them there.
const buckets = ['mirror-us-east-1', 'mirror-eu-west-1']
const prefix = 'containers/images/'
const ledgerKey = 'nearport/ledger/0-of-1.jsonl.gz'
const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })
const [one, two, old] = ['one', 'two', 'old'].map(imageNamed) as [Image, Image, Image]
const index = indexOf([one, two])
const artifact = artifactOf({
  artifactType: 'application/vnd.example.sbom',
  files: [fileOf('text/plain', 'sbom', '{}')],
  subject: one,
})
const manifests = [one, two, index, artifact]

async function worldWithImages(mirrors = true): Promise<World> {
  const world = await createWorld()
  world.file.manifests = { mirrors }
  push(world.registry, 'app', index, '1', 'latest')
  push(world.registry, 'app', artifact)
  return world
}

const typeIn = (world: World, bucket: string, { descriptor }: Pick<Image, 'descriptor'>) =>
  world.store.findObject(bucket, prefix + descriptor.digest)?.headers['content-type']
const fetched = (world: World) => asked(world.registry, 'GET', '/manifests/')

test('manifests are written to every mirror, as what they are, and fetched once', async () => {
  const world = await worldWithImages()
  const ran = await world.sync()
  expect(ran.problems).toEqual([])
  for (const bucket of buckets) {
    for (const image of manifests) {
      expect(typeIn(world, bucket, image)).toBe(image.descriptor.mediaType)
      for (const blob of image.blobs) {
        const key = prefix + blob.descriptor.digest
        const { headers } = world.store.findObject(bucket, key)!
        expect(headers['content-type']).toBe('application/octet-stream')
      }
    }
  }
  const paths = fetched(world)
  for (const { descriptor } of [one, two, artifact]) {
    expect(paths.filter((path) => path.endsWith(descriptor.digest))).toHaveLength(1)
  }
  // Both tags are one manifest.
  expect(paths.length).toBe(5)
  // They are in the index as blobs are.
  const blobs = new Set(
    manifests.flatMap((each) => each.blobs.map((blob) => blob.descriptor.digest)),
  )
  const planned = ran.events.find((event) => event.step === 'planned')
  expect(planned).toMatchObject({ wantedBlobs: manifests.length + blobs.size })
})

test('a run in which nothing changed fetches none and writes none', async () => {
  const world = await worldWithImages()
  // Docker's signed schema 1, whose bytes are not what its digest says, is in no mirror.
  const text = JSON.stringify({ schemaVersion: 1, fsLayers: [] })
  const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
  const named = world.registry.putManifest('app', 'schema1', type, Buffer.from(text))
  await world.sync()
  expect(world.store.findObject(buckets[0]!, prefix + named)).toBeUndefined()
  world.registry.requests.length = 0
  world.store.requests.length = 0
  expect(await world.sync()).toMatchObject({ problems: [], publication: 'unchanged' })
  expect(fetched(world)).toEqual([])
  expect(asked(world.store, 'PUT', prefix)).toEqual([])
  // One that a mirror lost comes from the other, as what it is.
  world.store.deleteObject(buckets[0]!, prefix + index.descriptor.digest)
  expect((await world.sync()).problems).toEqual([])
  expect(typeIn(world, buckets[0]!, index)).toBe(index.descriptor.mediaType)
  expect(fetched(world)).toEqual([])
})

test.for<[string, (line: string) => string]>([
  ['that says what they are', (line) => line],
  // Of a nearport that kept no manifests.
  ['that does not', (line) => line.replace(/"size":\d+,"type":"[^"]*",/, '')],
])('turned on later it brings those of a ledger %s, each fetched once', async ([, change]) => {
  const world = await worldWithImages(false)
  await world.sync()
  for (const image of manifests) expect(typeIn(world, buckets[0]!, image)).toBeUndefined()
  for (const bucket of buckets) {
    const lines = gunzipSync(world.store.findObject(bucket, ledgerKey)!.bytes).toString()
    const changed = lines.split('\n').map(change).join('\n')
    world.store.putObject(bucket, ledgerKey, gzipSync(changed))
  }
  world.registry.requests.length = 0
  world.file.manifests = { mirrors: true }
  expect((await world.sync()).problems).toEqual([])
  for (const image of manifests) {
    expect(typeIn(world, buckets[1]!, image)).toBe(image.descriptor.mediaType)
  }
  const digests = manifests.map(({ descriptor }) => `/v2/app/manifests/${descriptor.digest}`)
  expect(fetched(world).toSorted()).toEqual(digests.toSorted())
})

test('prune and audit know that they are wanted, and prune takes them with their image', async () => {
  const world = await worldWithImages()
  world.file.prune = { largestShare: 1 }
  push(world.registry, 'app', old, 'old')
  await world.sync()
  const stop = new AbortController().signal
  const deps = { now: Date.now, record: () => {}, env, stop, patience }
  const audited = await runAudit(world.config(), deps, {})
  expect(audited).toMatchObject({ problems: [] })
  world.registry.deleteTag('app', 'old')
  const pruned = await runPrune(world.config(), deps, {})
  // Its manifest, its config and its layer.
  expect(pruned).toMatchObject({ problems: [], mirrors: [{ condemned: { blobs: 3 } }, {}] })
})

test('a mirror that holds some repositories holds their manifests alone', async () => {
  const world = await worldWithImages()
  push(world.registry, 'other', old, '1')
  world.file.mirrors[0]!['holds'] = { repositories: ['other'] }
  expect((await world.sync()).problems).toEqual([])
  expect(typeIn(world, buckets[0]!, old)).toBe(old.descriptor.mediaType)
  expect(typeIn(world, buckets[0]!, one)).toBeUndefined()
  expect(typeIn(world, buckets[1]!, one)).toBe(one.descriptor.mediaType)
})

test('where clients’ own credentials count no manifest is shown in a mirror', async () => {
  const world = await worldWithImages()
  Object.assign(world.file.upstreams[0]!, { mode: 'relay', clientCredentials: true })
  expect((await world.sync()).problems).toEqual([])
  expect(typeIn(world, buckets[0]!, one)).toBeUndefined()
  expect(typeIn(world, buckets[0]!, one.blobs[0]!)).toBe('application/octet-stream')
})
