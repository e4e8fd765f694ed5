import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { artifactOf, fileOf } from '../../../src/embedded/artifacts.ts'
import { imageOf, indexOf, push } from '../../../src/embedded/images.ts'
import type { RegistryOptions } from '../../../src/embedded/registry.ts'
import type { World } from '../world.ts'
import { asked, createWorld } from '../world.ts'

const ledgerKey = 'nearport/ledger/0-of-1.jsonl.gz'
const buckets = ['mirror-us-east-1', 'mirror-eu-west-1']
const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })

/** Two repositories of three tags, one of which is an index of two. */
async function filledWorld(options: RegistryOptions = {}): Promise<World> {
  const world = await createWorld(options)
  world.file.sync = { repositories: ['app', 'team/web'] }
  for (const name of ['app', 'team/web']) {
    push(world.registry, name, imageNamed(`${name} one`), '1')
    push(world.registry, name, indexOf([imageNamed('shared'), imageNamed(`${name} two`)]), '2', '3')
  }
  expect((await world.sync()).problems).toEqual([])
  world.registry.requests.length = 0
  world.store.requests.length = 0
  return world
}

const upstreamRequests = (world: World) =>
  world.registry.requests.map(({ method, path }) => `${method} ${path.split('?', 1)[0]}`)
const ledgerIn = (world: World, bucket = buckets[0]!) =>
  gunzipSync(world.store.findObject(bucket, ledgerKey)!.bytes).toString()
/** Its lines in order, without the times. */
const linesOf = (ledger: string) =>
  ledger
    .replaceAll(/"askedAt":\d+/g, '')
    .split('\n')
    .toSorted()

test('a run in which nothing changed lists each repository once, and asks for each tag by HEAD', async () => {
  const world = await filledWorld()
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], manifests: 8, known: 8, publication: 'unchanged' })
  expect(upstreamRequests(world).toSorted()).toEqual(
    ['app', 'team/web']
      .flatMap((name) => [
        ...['1', '2', '3'].map((tag) => `HEAD /v2/${name}/manifests/${tag}`),
        `GET /v2/${name}/tags/list`,
      ])
      .toSorted(),
  )
  expect(asked(world.store, 'PUT').filter((path) => !path.endsWith('current.json'))).toEqual([])
})

test('where the upstream gives the digests with the tags, that is one request a repository', async () => {
  const world = await filledWorld({ artifactRegistry: true })
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], manifests: 8, known: 8 })
  expect(upstreamRequests(world)).toEqual(['GET /v2/app/tags/list', 'GET /v2/team/web/tags/list'])
})

test('what is new is fetched, and nothing else', async () => {
  const world = await filledWorld()
  const added = imageNamed('new')
  push(world.registry, 'app', indexOf([imageNamed('shared'), added]), '2')
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], manifests: 10, known: 8, plan: { upstreamReads: 2 } })
  expect(asked(world.registry, 'GET', '/manifests/').length).toBe(2)
  expect(asked(world.registry, 'GET', `/manifests/${added.descriptor.digest}`).length).toBe(1)
})

test('what a mirror lost is brought back although its manifest is known', async () => {
  const world = await filledWorld()
  const lost = imageNamed('shared').blobs[0]!.descriptor.digest
  world.store.deleteObject(buckets[1]!, `containers/images/${lost}`)
  const ran = await world.sync()
  expect(ran).toMatchObject({
    problems: [],
    known: 8,
    copied: { blobs: 1 },
    uploaded: { blobs: 0 },
  })
  expect(asked(world.registry, 'GET', '/manifests/')).toEqual([])
})

test('a manifest that no tag leads to any more leaves the ledger', async () => {
  const world = await filledWorld()
  const gone = imageNamed('app one').descriptor.digest
  expect(ledgerIn(world)).toContain(gone)
  world.registry.deleteTag('app', '1')
  expect(await world.sync()).toMatchObject({ problems: [], manifests: 7, known: 7 })
  for (const bucket of buckets) expect(ledgerIn(world, bucket)).not.toContain(gone)
})

test('a walk that could not do everything keeps what it did not come to', async () => {
  const world = await filledWorld()
  world.registry.intercept = (request) =>
    new URL(request.url).pathname === '/v2/app/tags/list'
      ? new Response(null, { status: 404 })
      : undefined
  expect((await world.sync()).problems.map(({ subject }) => subject)).toEqual(['app'])
  expect(ledgerIn(world)).toContain(imageNamed('app one').descriptor.digest)
  world.registry.intercept = undefined
  expect(await world.sync()).toMatchObject({ problems: [], manifests: 8, known: 8 })
})

test.for<[string, (whole: Buffer) => Buffer]>([
  ['is no gzip', () => Buffer.from('what is this')],
  ['is cut off', (whole) => whole.subarray(0, whole.length - 20)],
  ['is of another kind', () => gzipSync('{"nearport":2}\n')],
  ['lacks the end of a line', (whole) => gzipSync(gunzipSync(whole).subarray(0, -30))],
])('a ledger that %s is a problem, and is written anew', async ([, damage]) => {
  const world = await filledWorld()
  const whole = Buffer.from(world.store.findObject(buckets[0]!, ledgerKey)!.bytes)
  for (const bucket of buckets) world.store.putObject(bucket, ledgerKey, damage(whole))
  const ran = await world.sync()
  expect(ran.problems.map(({ subject }) => subject)).toEqual([`${ledgerKey} in aws/us-east-1`])
  expect(ran).toMatchObject({ manifests: 8, publication: 'unchanged' })
  for (const bucket of buckets) {
    expect(linesOf(ledgerIn(world, bucket))).toEqual(linesOf(gunzipSync(whole).toString()))
  }
  expect(await world.sync()).toMatchObject({ problems: [], known: 8 })
})

test('the mirror that has the most of it is read, and one that has none does not matter', async () => {
  const world = await filledWorld()
  world.store.deleteObject(buckets[0]!, ledgerKey)
  expect(await world.sync()).toMatchObject({ problems: [], known: 8 })
})

test('referrers of a manifest that is known are asked for again when their time has come', async () => {
  const world = await createWorld()
  world.file.sync = { repositories: [{ name: 'app', tags: ['1'] }], referrersEverySeconds: 3600 }
  const image = imageNamed('app')
  push(world.registry, 'app', image, '1')
  const bill = artifactOf({
    artifactType: 'application/x-bill',
    subject: image,
    files: [fileOf('text/plain', 'bill', 'all of it')],
  })
  expect((await world.sync()).problems).toEqual([])
  push(world.registry, 'app', bill)
  expect(await world.sync()).toMatchObject({ problems: [], manifests: 1, known: 1 })

  world.file.sync['referrersEverySeconds'] = 0.000_001
  expect(await world.sync()).toMatchObject({ problems: [], manifests: 2, known: 1 })
  world.file.sync['referrersEverySeconds'] = 3600
  world.registry.requests.length = 0
  expect(await world.sync()).toMatchObject({ problems: [], manifests: 2, known: 2 })
  expect(asked(world.registry, 'GET', '/referrers/')).toEqual([])
})

test('an upstream that has no HEAD for manifests is asked for the manifests themselves', async () => {
  const world = await filledWorld()
  world.registry.intercept = (request) =>
    request.method === 'HEAD' ? new Response(null, { status: 405 }) : undefined
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], manifests: 8 })
  expect(asked(world.registry, 'GET', '/manifests/').length).toBe(6)
})
