import { expect, test } from 'vitest'
import type { Presence } from '../../../src/core/policy.ts'
import type { ManifestDeps } from '../../../src/proxy/manifests/deps.ts'
import { registryError } from '../../../src/embedded/registry-answer.ts'
import { mirrorOf } from '../../core/world.ts'
import type { ManifestWorld } from './manifest-world.ts'
import {
  accept,
  byDigest,
  byTag,
  digest,
  image,
  index,
  keeping,
  mediaType,
  newer,
  startManifestWorld,
  text,
} from './manifest-world.ts'
import { createRelayApp, errorOf, stubFetch } from '../relay/relay-world.ts'

const registry = 'https://registry.example'
const get = { headers: { accept } }
const head = { method: 'HEAD', headers: { accept } }

/** What crane and oras cannot do without. */
const three = {
  'content-type': mediaType,
  'content-length': String(image.bytes.length),
  'docker-content-digest': digest,
}

test('a manifest by digest is asked for once, and given whole ever after', async () => {
  const world = await startManifestWorld()
  for (const init of [get, head, get]) {
    const answer = await world.ask(byDigest, init)
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject(three)
    expect(answer.headers.get('cache-control')).toBe('no-store, no-transform')
    expect(await answer.text()).toBe(init === head ? '' : text)
  }
  expect(world.asked()).toEqual([`GET ${digest}`])
  expect(world.events).toMatchObject([
    { action: 'relay', reason: 'manifest', source: 'upstream', status: 200 },
    { action: 'relay', reason: 'known-manifest', source: 'memory', method: 'HEAD' },
    { action: 'relay', reason: 'known-manifest', source: 'memory' },
  ])
})

test('the HEAD of a digest brings its bytes for the GET that follows', async () => {
  const world = await startManifestWorld()
  const first = await world.ask(byDigest, head)
  expect(Object.fromEntries(first.headers)).toMatchObject(three)
  expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  expect(world.asked()).toEqual([`GET ${digest}`])
})

test('an upstream in redirect mode is asked too, and with no token', async () => {
  const world = await startManifestWorld({}, {}, { upstream: { mode: 'redirect' } })
  for (const path of [byDigest, byTag, byDigest]) {
    const answer = await world.ask(path, get)
    expect([answer.status, await answer.text()]).toEqual([200, text])
  }
  expect(world.asked()).toEqual([`GET ${digest}`, 'GET 1.0'])
  expect(world.registry.requests.some(({ headers }) => 'authorization' in headers)).toBe(false)
})

test('where clients’ own credentials count nothing is kept', async () => {
  const world = await startManifestWorld({}, {}, { upstream: { clientCredentials: true } })
  for (let n = 0; n < 2; n++) await (await world.ask(byDigest, get)).text()
  expect(world.asked()).toEqual([`GET ${digest}`, `GET ${digest}`])
  expect(world.events[1]).not.toHaveProperty('source')
})

test('where none is configured manifests are passed on as ever', async () => {
  const world = await startManifestWorld({}, {}, { policy: { manifests: undefined } })
  for (let n = 0; n < 2; n++) await (await world.ask(byDigest, get)).text()
  expect(world.asked()).toHaveLength(2)
  expect(world.events[1]).toMatchObject({ action: 'upstream', reason: 'manifest' })
})

test('a repository that has no such manifest says so, whatever another has', async () => {
  const world = await startManifestWorld()
  await world.ask(byDigest, get)
  const answer = await world.ask(byDigest.replace('app', 'other'), get)
  expect(answer.status).toBe(404)
  expect(await errorOf(answer)).toMatchObject({ code: 'NAME_UNKNOWN' })
  // And a no is not kept.
  await world.ask(byDigest.replace('app', 'other'), head)
  expect(world.asked()).toHaveLength(3)
})

test('a type that a client does not take is the upstream’s to answer for', async () => {
  const world = await startManifestWorld()
  const path = `/v2/app/manifests/${index.descriptor.digest}`
  await world.ask(path, get)
  const thin = await world.ask(path, { headers: { accept: mediaType } })
  expect(thin.status).toBe(404)
  expect((await errorOf(thin)).message).toContain('the Accept header does not name it')
  for (const taken of ['*/*', `${index.descriptor.mediaType};q=0.1`]) {
    const answer = await world.ask(path, { headers: { accept: taken } })
    expect(answer.headers.get('content-type')).toBe(index.descriptor.mediaType)
  }
  expect(world.asked()).toHaveLength(2)
})

test('a question with a query is passed on', async () => {
  const world = await startManifestWorld()
  for (let n = 0; n < 2; n++) await (await world.ask(`${byDigest}?a=b`, get)).text()
  expect(world.asked()).toHaveLength(2)
  // But for containerd's own.
  for (let n = 0; n < 2; n++) await world.ask(`${byDigest}?ns=docker.io`, get)
  expect(world.asked()).toHaveLength(3)
})

test.for<[string, string, Readonly<Record<string, string>>]>([
  ['another manifest', `${text} `, {}],
  ['one that says it is the right one', `${text} `, { 'docker-content-digest': digest }],
])('%s than was asked for is never given', async ([, sent, more]) => {
  const { fetch, sent: asked } = stubFetch(
    () => new Response(sent, { headers: { 'content-type': mediaType, ...more } }),
  )
  const { ask, events } = createRelayApp(registry, { fetch, manifests: keeping() })
  for (let n = 0; n < 2; n++) {
    const answer = await ask(byDigest)
    expect(answer.status).toBe(502)
    const message = 'the upstream registry sent another manifest than it should'
    expect(await errorOf(answer)).toEqual({ code: 'UNKNOWN', message })
  }
  expect(asked).toHaveLength(2)
  expect(events[0]!.error).toMatch(new RegExp(`^wanted the manifest ${digest} of app, got sha256:`))
})

test.for<[string, Readonly<Record<string, string>>, string]>([
  ['says', { 'content-length': '5000' }, '5000 bytes'],
  ['shows', {}, 'more bytes'],
])('a manifest that %s that it is too large is refused', async ([, headers, size]) => {
  const { fetch } = stubFetch(() => new Response('x'.repeat(5000), { headers }))
  const { ask, events } = createRelayApp(registry, { fetch, manifests: keeping() })
  expect((await ask(byDigest)).status).toBe(502)
  expect(events[0]!.error).toBe(
    `the upstream's manifest has ${size}, and 4096 at most are passed on`,
  )
})

test('a manifest that is cut short is no manifest', async () => {
  const headers = { 'content-type': mediaType, 'content-length': String(text.length + 1) }
  const { fetch } = stubFetch(() => new Response(text, { headers }))
  const { ask, events } = createRelayApp(registry, { fetch, manifests: keeping() })
  expect((await ask(byDigest)).status).toBe(503)
  expect(events[0]!.error).toContain(`wanted ${text.length + 1} bytes, got ${text.length}`)
})

const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws'

test.for<[string, string, string, string]>([
  // It is named by its payload: the bytes have another digest.
  ['Docker’s signed schema 1', byDigest, schema1, digest],
  [
    'a manifest by another digest',
    `/v2/app/manifests/sha512:${'a'.repeat(128)}`,
    mediaType,
    digest,
  ],
  ['a tag of another digest', byTag, mediaType, `sha512:${'a'.repeat(128)}`],
])('%s is passed on, and not kept', async ([, path, type, named]) => {
  const headers = { 'content-type': type, 'docker-content-digest': named }
  const { fetch, sent } = stubFetch(() => new Response('{"signatures":[]}', { headers }))
  const { ask } = createRelayApp(registry, { fetch, manifests: keeping() })
  const counts: number[] = []
  for (let n = 0; n < 2; n++) {
    const answer = await ask(path)
    expect(await answer.text()).toBe('{"signatures":[]}')
    counts.push(sent.length)
  }
  expect(counts[1]).toBe(counts[0]! * 2)
})

test('where there is no room to read one it is passed on as it comes', async () => {
  const world = await startManifestWorld({}, {}, { listsAtOnce: 0 })
  expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  expect(world.asked()).toHaveLength(2)
})

test('those who ask at once are given what one of them asked for', async () => {
  const world = await startManifestWorld()
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  world.registry.intercept = async (_, next) => {
    await held
    return next()
  }
  const leaving = new AbortController()
  const first = world.ask(byDigest, { ...get, signal: leaving.signal })
  const others = Array.from({ length: 5 }, (_, n) => world.ask(byDigest, n % 2 === 0 ? get : head))
  // Who came first takes nobody with it.
  leaving.abort()
  letGo()
  const texts = await Promise.all((await Promise.all(others)).map((answer) => answer.text()))
  expect(texts).toEqual([text, '', text, '', text])
  await first
  expect(world.asked()).toEqual([`GET ${digest}`])
  const sources = world.events.map(({ source, reason }) => `${source} ${reason}`)
  expect(sources.toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => 'memory known-manifest'),
    'upstream manifest',
  ])
})

test('those who ask at once are told no alike', async () => {
  const world = await startManifestWorld()
  world.registry.intercept = () => registryError('TOOMANYREQUESTS', 'later', { 'Retry-After': '9' })
  const inits = [head, get, get, head]
  const answers = await Promise.all(inits.map((init) => world.ask(byDigest, init)))
  for (const [at, answer] of answers.entries()) {
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('9')
    const body = await answer.text()
    if (inits[at] === head) expect(body).toBe('')
    else expect(JSON.parse(body)).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] })
  }
  expect(world.asked()).toHaveLength(1)
})

test('the memory is bounded, and what was used least recently leaves first', async () => {
  const sizes = [image, newer, index].map(({ bytes }) => bytes.length + 1024)
  const world = await startManifestWorld({ memoryBytes: Math.max(...sizes) * 2 + 10 })
  const pull = async (each: typeof image) => {
    const path = `/v2/app/manifests/${each.descriptor.digest}`
    return (await world.ask(path, get)).headers.get('x-nearport-reason')
  }
  for (const each of [image, newer, image, index]) await pull(each)
  expect(await pull(image)).toBe('known-manifest')
  expect(await pull(newer)).toBe('manifest')
})

test('a restart forgets, and asks again', async () => {
  const world = await startManifestWorld()
  await world.ask(byDigest, get)
  const restarted = createRelayApp(world.url, { manifests: keeping() })
  expect(await (await restarted.ask(byDigest, get)).text()).toBe(text)
  expect(world.asked()).toHaveLength(2)
})

test('what is kept is given in the same turn, with no promise', async () => {
  const { fetch } = stubFetch(() => new Response(text, { headers: { 'content-type': mediaType } }))
  const kept = keeping()
  await createRelayApp(registry, { fetch, manifests: kept }).ask(byDigest)
  const asked = { kind: 'manifest', repository: 'app', query: '', ns: undefined } as const
  const request = { ...asked, method: 'GET', reference: digest } as const
  const upstream = { repositories: '', registry, namespace: 'prod' }
  const found = kept(Date.now).find(request, upstream, new Headers())
  expect(found).toMatchObject({ reason: 'known-manifest', source: 'memory' })
  // To another upstream it is not known.
  const other = { ...upstream, registry: 'https://other.example' }
  expect(kept(Date.now).find(request, other, new Headers())).toBeUndefined()
})

test('a manifest that a mirror has is asked for by a HEAD, and once', async () => {
  const world = await startMirrored()
  for (const init of [get, head, get]) {
    expect(await (await world.ask(byDigest, init)).text()).toBe(init === head ? '' : text)
  }
  expect(world.asked()).toEqual([`HEAD ${digest}`])
  expect(world.read).toEqual([`aws/eu-west-1 ${digest}`])
  expect(world.events).toMatchObject([
    { action: 'relay', reason: 'known-manifest', source: 'mirror' },
    { source: 'memory' },
    { source: 'memory' },
  ])
})

test.for<[string, string, RequestInit, string]>([
  ['a tag was', '/v2/app/manifests/1.0', head, 'HEAD 1.0'],
  ['an index lists', '/v2/app/manifests/all', get, 'GET all'],
])('a manifest that %s comes from a mirror, and nobody is asked for it', async (row) => {
  const [, first, init, asked] = row
  const world = await startMirrored()
  await (await world.ask(first, init)).text()
  expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  expect(world.asked()).toEqual([asked])
  expect(world.events[1]).toMatchObject({ source: 'mirror' })
})

test('a mirror gives nothing that the repository has not', async () => {
  const world = await startMirrored()
  expect((await world.ask(byDigest.replace('app', 'other'), get)).status).toBe(404)
  expect(world.read).toEqual([])
})

test('with the upstream down a mirror still gives what it has', async () => {
  const world = await startMirrored()
  for (const intercept of [
    () => registryError('UNAVAILABLE', 'not now'),
    () => Promise.reject(new Error('broken')),
  ]) {
    world.registry.intercept = intercept
    const path = byDigest.replace('app', `app${world.events.length}`)
    expect(await (await world.ask(path, get)).text()).toBe(text)
  }
})

test('what a mirror has of a type that a client does not take is the upstream’s', async () => {
  const world = await startMirrored()
  await world.ask('/v2/app/manifests/all', get)
  const thin = { headers: { accept: index.descriptor.mediaType } }
  expect((await world.ask(byDigest, thin)).status).toBe(404)
  expect(world.asked()).toEqual(['GET all', `GET ${digest}`])
})

test('where a mirror does not have it after all the upstream does', async () => {
  const world = await startMirrored(() => Promise.resolve(undefined))
  expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  expect(world.events[0]).toMatchObject({ reason: 'manifest', source: 'upstream' })
})

/** Before a mirror that has one image; `read` is all that was read there. */
async function startMirrored(
  readMirror?: ManifestDeps['readMirror'],
): Promise<ManifestWorld & { readonly read: string[] }> {
  const mirror = mirrorOf('aws/eu-west-1')
  const read: string[] = []
  const readImage: ManifestDeps['readMirror'] = async ({ id }, wanted) => {
    read.push(`${id} ${wanted}`)
    return { digest: wanted, mediaType, bytes: new Uint8Array(image.bytes) }
  }
  const route = () =>
    ({
      candidates: [{ mirror, reason: 'in-region' }],
      configured: false,
      otherwise: 'no-mirror',
    }) as const
  const presence: Presence = { holds: () => 'present', sizeBytes: () => undefined }
  const policy = { mirrors: [mirror], route, manifests: 'in mirrors' } as const
  const kept = { readMirror: readMirror ?? readImage }
  return { ...(await startManifestWorld(kept, {}, { policy, presence })), read }
}
