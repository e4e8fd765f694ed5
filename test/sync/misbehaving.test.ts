import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart, openIndex } from '../../src/core/blob-index.ts'
import type { Digest } from '../../src/core/digest.ts'
import { corrupted, cutShort } from '../../src/embedded/fault.ts'
import { artifactOf, fileOf } from '../../src/embedded/artifacts.ts'
import type { Image } from '../../src/embedded/images.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import type { World } from './world.ts'
import { asked, createWorld, serve } from './world.ts'

const bucket = 'mirror-us-east-1'
const prefix = 'containers/images/'
const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: Buffer.alloc(200_000, name) }] })
const good = imageNamed('good')
const bad = imageNamed('bad')
const config = bad.blobs[0]!.descriptor
const layer = bad.blobs[1]!.descriptor
const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers })

/** How the upstream answers for a path of the bad repository: undefined is honestly. */
type Lie = (
  path: string,
  next: () => Promise<Response>,
  times: number,
) => Response | undefined | Promise<Response | undefined>

/** What of the bad image arrives all the same, and what the problems are called. */
type Outcome = { readonly arrives: readonly string[]; readonly problems: readonly RegExp[] }
const both = [config.digest, layer.digest]
const all: Outcome = { arrives: both, problems: [] }
const none = (problem: RegExp): Outcome => ({ arrives: [], problems: [problem] })

test.for<[string, Lie, Outcome]>([
  [
    '429 with Retry-After for once',
    (path, _, times) =>
      path.endsWith('/1') && times === 1 ? answer(429, { 'retry-after': '0' }) : undefined,
    all,
  ],
  [
    '429 without Retry-After for once',
    (path, _, times) => (path.includes('/blobs/') && times === 1 ? answer(429) : undefined),
    all,
  ],
  [
    '429 for ever',
    (path) => (path.endsWith(layer.digest) ? answer(429) : undefined),
    { arrives: [config.digest], problems: [/^bad@sha256:.* answered 429 /] },
  ],
  [
    '500 for a manifest',
    (path) => (path.endsWith('/1') ? answer(500) : undefined),
    none(/^bad:1: .* 500 /),
  ],
  [
    '503 for a blob for once',
    (path, _, times) => (path.endsWith(layer.digest) && times === 1 ? answer(503) : undefined),
    all,
  ],
  [
    'bodies that break off again and again',
    async (path, next) => (path.endsWith(layer.digest) ? cutShort(await next(), 1000) : undefined),
    { arrives: [config.digest], problems: [/^bad@sha256:/] },
  ],
  [
    'a wrong Content-Length',
    (path) => (path.endsWith(layer.digest) ? new Response('short') : undefined),
    { arrives: [config.digest], problems: [/^bad@sha256:.*wanted \d+ bytes.*got 5/] },
  ],
  [
    'wrong bytes',
    async (path, next) => (path.endsWith(layer.digest) ? corrupted(await next()) : undefined),
    { arrives: [config.digest], problems: [/^bad@sha256:.*got sha256:/] },
  ],
  [
    'a manifest with other bytes than its digest says',
    async (path, next) => {
      if (!path.endsWith('/1')) return undefined
      const { headers } = await next()
      const claimed = { 'docker-content-digest': headers.get('docker-content-digest')! }
      return new Response('{"layers":[]}', { headers: claimed })
    },
    none(/^bad:1: wanted the manifest sha256:/),
  ],
  [
    'a hundred megabytes of manifest',
    (path) => {
      if (!path.endsWith('/1')) return undefined
      let left = 100
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (left-- > 0) controller.enqueue(new Uint8Array(1_048_576))
            else controller.close()
          },
        }),
      )
    },
    none(/^bad:1: wanted at most 4194304 bytes/),
  ],
  [
    'a page for people',
    (path) => (path.endsWith('/1') ? new Response('<html>') : undefined),
    none(/^bad:1: wanted JSON/),
  ],
  [
    'a tag that is deleted midway',
    (path) => (path.endsWith('/manifests/1') ? answer(404) : undefined),
    none(/^bad:1: .*404/),
  ],
  [
    'a media type that nobody knows',
    async (path, next) => {
      if (!path.endsWith('/1')) return undefined
      const honest = await next()
      return new Response(await honest.arrayBuffer(), {
        headers: { 'content-type': 'application/x-from-the-future' },
      })
    },
    all,
  ],
  [
    'a list of tags without an end',
    (path) =>
      path.includes('/tags/list')
        ? Response.json(
            { name: 'bad', tags: ['1'] },
            { headers: { link: '</v2/bad/tags/list?last=1>; rel="next"' } },
          )
        : undefined,
    none(/^bad: wanted pages with an end/),
  ],
  [
    'a connection that is cut before any answer',
    (path) => (path.endsWith('/1') ? Promise.reject(new Error('cut')) : undefined),
    none(/^bad:1: /),
  ],
])('an upstream with %s costs nothing but what it touches', async ([, lie, outcome]) => {
  const world = await createWorld()
  push(world.registry, 'good', good, '1')
  push(world.registry, 'bad', bad, '1')
  world.file.sync = { repositories: ['bad', 'good'] }
  const times = new Map<string, number>()
  world.registry.intercept = (request, next) => {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith('/v2/bad/')) return undefined
    const count = (times.get(pathname) ?? 0) + 1
    times.set(pathname, count)
    return lie(pathname, next, count)
  }
  const ran = await world.sync()

  const problems = ran.problems.map(({ subject, message }) => `${subject}: ${message}`)
  expect(problems).toEqual(outcome.problems.map((each) => expect.stringMatching(each)))
  expectHeld(
    world,
    good.blobs.map(({ descriptor }) => descriptor.digest),
    outcome.arrives,
  )
})

test('an upstream that wants an hour without requests gets it, and the others go on', async () => {
  const world = await createWorld()
  const other = createRegistry()
  push(other, 'good', good, '1')
  for (const tag of ['1', '2']) push(world.registry, 'bad', imageNamed(`bad ${tag}`), tag)
  world.file.upstreams.push({ repositories: 'good', registry: await serve(other) })
  world.file.sync = { repositories: ['bad', 'good'], concurrency: 1 }
  world.registry.intercept = (request) =>
    request.url.includes('/manifests/') ? answer(429, { 'retry-after': '3600' }) : undefined
  const ran = await world.sync()

  expect(ran.problems.map(({ subject }) => subject)).toEqual(['bad:1', 'bad:2'])
  for (const { message } of ran.problems) expect(message).toContain('3600 s')
  // Those that were under way when it said so, and none after.
  expect(asked(world.registry, 'GET', '/manifests/').length).toBeLessThanOrEqual(2)
  expectHeld(
    world,
    good.blobs.map(({ descriptor }) => descriptor.digest),
    [],
  )
})

test('referrers that go round in a circle end, and are mirrored once', async () => {
  const world = await createWorld()
  push(world.registry, 'good', good, '1')
  const bills = ['a', 'b'].map((name) =>
    artifactOf({ subject: good, files: [fileOf('text/plain', name, name)] }),
  ) as [Image, Image]
  for (const bill of bills) push(world.registry, 'good', bill)
  // Each says that the other refers to it, and the image that both do.
  const of = (image: Image) => image.descriptor.digest
  world.registry.intercept = (request) => {
    const subject = /\/referrers\/(.*)$/.exec(new URL(request.url).pathname)?.[1]
    if (subject === undefined) return undefined
    const referring = bills.filter((bill) => of(bill) !== subject)
    return new Response(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: referring.map(({ descriptor }) => descriptor),
      }),
      { headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } },
    )
  }
  const ran = await world.sync()
  expect(ran).toMatchObject({ problems: [], manifests: 3 })
})

/** Of these, the bucket and the index have what is to arrive, whole, and nothing else. */
function expectHeld(world: World, certain: readonly string[], arrives: readonly string[]): void {
  const text = Buffer.from(world.store.findObject(bucket, 'nearport/index/current.json')!.bytes)
  const { key } = JSON.parse(text.toString()) as { key: string }
  const { bytes } = world.store.findObject(bucket, key)!
  const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  for (const each of world.store.keys(bucket, prefix)) {
    const object = world.store.findObject(bucket, each)!
    const digest = `sha256:${createHash('sha256').update(object.bytes).digest('hex')}`
    expect(each).toBe(prefix + digest)
  }
  for (const digest of [...certain, ...both]) {
    const isWanted = certain.includes(digest) || arrives.includes(digest)
    expect(world.store.findObject(bucket, prefix + digest) !== undefined).toBe(isWanted)
    expect(index.find(digest as Digest) >= 0).toBe(isWanted)
  }
}
