import { expect, test } from 'vitest'
import { manifestMediaTypes } from '../../../src/core/manifest.ts'
import { push } from '../../../src/embedded/images.ts'
import { registryError } from '../../../src/embedded/registry-answer.ts'
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
import { createRelayApp, errorOf, startRelayWorld, stubFetch } from '../relay/relay-world.ts'

const registry = 'https://registry.example'
const get = { headers: { accept } }
const head = { method: 'HEAD', headers: { accept } }
const down = () => registryError('UNAVAILABLE', 'not now')

test('a tag is asked for every time, and its manifest is sent once', async () => {
  const world = await startManifestWorld()
  for (let n = 0; n < 3; n++) {
    const answer = await world.ask(byTag, get)
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    expect(await answer.text()).toBe(text)
  }
  expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  expect(world.asked()).toEqual(['GET 1.0', 'HEAD 1.0', 'HEAD 1.0'])
  const given = world.events.map(({ reason, source }) => `${reason} ${source}`)
  expect(given).toEqual(['manifest upstream', ...Array(3).fill('known-manifest memory')])
})

test('the HEAD of a tag and the GET by its digest are enough', async () => {
  const world = await startManifestWorld()
  for (let n = 0; n < 2; n++) {
    const answer = await world.ask(byTag, head)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': mediaType,
      'content-length': String(image.bytes.length),
      'docker-content-digest': digest,
    })
    expect(await answer.text()).toBe('')
    expect(await (await world.ask(byDigest, get)).text()).toBe(text)
  }
  expect(world.asked()).toEqual(['HEAD 1.0', `GET ${digest}`, 'HEAD 1.0'])
  // With its upstream down it is stale, though no GET of the tag ever came.
  world.registry.intercept = down
  expect((await world.ask(byTag, get)).headers.get('x-nearport-reason')).toBe('stale')
})

test('a tag that moved is what it is now', async () => {
  const world = await startManifestWorld()
  await world.ask(byTag, get)
  push(world.registry, 'prod/app', newer, '1.0')
  for (const init of [get, head, get]) {
    const answer = await world.ask(byTag, init)
    expect(answer.headers.get('docker-content-digest')).toBe(newer.descriptor.digest)
  }
  const asked = ['GET 1.0', 'HEAD 1.0', 'GET 1.0', 'HEAD 1.0', 'HEAD 1.0']
  expect(world.asked()).toEqual(asked)
})

test('a tag that may be a little old is asked for as seldom', async () => {
  const world = await startManifestWorld({ tagMs: 10_000 })
  const digestNow = async () => (await world.ask(byTag, get)).headers.get('docker-content-digest')
  await digestNow()
  push(world.registry, 'prod/app', newer, '1.0')
  world.clock.ms += 9999
  expect(await digestNow()).toBe(digest)
  expect((await world.ask(byTag, head)).headers.get('content-length')).toBe(String(text.length))
  world.clock.ms += 1
  expect(await digestNow()).toBe(newer.descriptor.digest)
  expect(world.asked()).toEqual(['GET 1.0', 'HEAD 1.0', 'GET 1.0'])
  expect(world.events[1]).toMatchObject({ reason: 'known-manifest', source: 'memory' })
})

test('what one client takes is not what another was given', async () => {
  // As Docker Hub: whoever takes no index is given an image of it.
  const { fetch, sent } = stubFetch(({ headers }) => {
    const takesIndex = headers['accept']!.includes(index.descriptor.mediaType)
    const { bytes, descriptor } = takesIndex ? index : image
    return new Response(new Uint8Array(bytes), {
      headers: { 'content-type': descriptor.mediaType, 'docker-content-digest': descriptor.digest },
    })
  })
  const manifests = keeping({ tagMs: 10_000 })
  const { ask } = createRelayApp(registry, { fetch, manifests })
  for (let n = 0; n < 2; n++) {
    for (const [taken, wanted] of [
      [accept, index],
      [mediaType, image],
    ] as const) {
      const answer = await ask(byTag, { headers: { accept: taken } })
      expect(answer.headers.get('docker-content-digest')).toBe(wanted.descriptor.digest)
    }
  }
  expect(sent).toHaveLength(2)
  // Another spelling of the same is the same.
  await ask(byTag, { headers: { accept: `x/y;q=0.5 , ${mediaType};q=0.9` } })
  expect(sent).toHaveLength(2)
})

test('clients of every kind share what a tag is, but what they do not take', async () => {
  const world = await startManifestWorld({ tagMs: 1e9 })
  const artifactType = 'application/vnd.oci.artifact.manifest.v1+json'
  world.registry.putManifest('prod/app', 'artifact', artifactType, Buffer.from('{"blobs":[]}'))
  const usual = manifestMediaTypes.slice(0, 4).join(', ')
  const containerd = `${usual}, */*`
  const reasonOf = async (tag: string, taken: string) => {
    const answer = await world.ask(`/v2/app/manifests/${tag}`, { headers: { accept: taken } })
    return `${answer.status} ${answer.headers.get('x-nearport-reason')}`
  }
  expect(await reasonOf('1.0', containerd)).toBe('200 manifest')
  expect(await reasonOf('1.0', usual)).toBe('200 known-manifest')
  expect(await reasonOf('artifact', containerd)).toBe('200 manifest')
  expect(await reasonOf('artifact', usual)).toBe('404 manifest')
  world.registry.intercept = down
  world.clock.ms += 1e9
  expect(await reasonOf('1.0', `${usual}, ${artifactType}`)).toBe('503 manifest')
})

test.for<[string, number, boolean]>([
  ['each asks for itself where a tag may not be old', 0, false],
  ['they share one question where it may', 1000, true],
])('of those who ask for a tag at once, %s', async ([, tagMs, isShared]) => {
  const world = await startManifestWorld({ tagMs })
  const answers = await Promise.all(Array.from({ length: 4 }, () => world.ask(byTag, get)))
  const texts = await Promise.all(answers.map((answer) => answer.text()))
  expect(texts).toEqual(Array(4).fill(text))
  expect(world.asked()).toHaveLength(isShared ? 1 : 4)
})

test.for<[string, () => Response, string, number]>([
  ['fails', down, 'answered 503', 503],
  ['wants patience', () => registryError('TOOMANYREQUESTS', 'later'), 'answered 429', 429],
  ['leads nowhere', () => new Response(null, { status: 302 }), 'answered 302', 503],
])('while the upstream %s a tag is what it was, and clients are warned', async (row) => {
  const [, answerWith, why, status] = row
  const world = await startManifestWorld()
  await world.ask(byTag, get)
  world.registry.intercept = answerWith
  world.clock.ms += 59_999
  const answer = await world.ask(byTag, get)
  expect([answer.status, await answer.text()]).toEqual([200, text])
  expect(answer.headers.get('x-nearport-reason')).toBe('stale')
  expect(answer.headers.get('warning')).toBe(
    `299 - "nearport: the upstream ${why}; this tag was last seen at 1970-01-01T00:16:40Z"`,
  )
  expect(world.events[1]).toMatchObject({
    action: 'relay',
    reason: 'stale',
    source: 'stale',
    status: 200,
    error: expect.stringContaining(why),
  })
  // No longer than that.
  world.clock.ms += 1
  expect((await world.ask(byTag, get)).status).toBe(status)
})

test('an upstream that gives no answer leaves a tag as it was', async () => {
  let isDown = false
  const manifests = keeping()
  const fetch: typeof globalThis.fetch = () =>
    isDown
      ? Promise.reject(new TypeError('fetch failed', { cause: new Error('refused') }))
      : Promise.resolve(new Response(text, { headers: { 'content-type': mediaType } }))
  const { ask, events } = createRelayApp(registry, { fetch, manifests })
  await ask(byTag)
  isDown = true
  const answer = await ask(byTag, { method: 'HEAD' })
  expect(answer.headers.get('content-length')).toBe(String(text.length))
  expect(answer.headers.get('warning')).toContain('the upstream did not answer; this tag was')
  expect(events[1]!.error).toBe(`${registry} gave no answer for a tag: fetch failed: refused`)
  // What was never seen is not made up.
  expect((await ask('/v2/app/manifests/2.0')).status).toBe(503)
})

test('an upstream that hangs is waited for once, and by one', async () => {
  let hangs = false
  let asked = 0
  const fetch: typeof globalThis.fetch = (_, init) => {
    asked++
    if (!hangs) {
      const headers = { 'content-type': mediaType, 'docker-content-digest': digest }
      return Promise.resolve(new Response(init!.method === 'HEAD' ? null : text, { headers }))
    }
    return new Promise((_resolve, reject) => {
      init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error))
    })
  }
  const { ask, clock } = createRelayApp(registry, { fetch, timeoutMs: 100, manifests: keeping() })
  await ask(byTag)
  hangs = true
  expect((await ask(byTag)).headers.get('x-nearport-reason')).toBe('stale')
  const before = asked
  clock.ms += 4999
  expect((await ask(byTag)).headers.get('warning')).toContain('the upstream did not answer')
  expect(asked).toBe(before)
  // Later one asks again, and whoever comes meanwhile does not wait for it.
  clock.ms += 1
  const asking = ask(byTag)
  const meanwhile = await ask(byTag)
  expect(meanwhile.headers.get('x-nearport-reason')).toBe('stale')
  expect((await asking).headers.get('x-nearport-reason')).toBe('stale')
  expect(asked).toBe(before + 1)
  // And as soon as it answers all is as it was.
  hangs = false
  clock.ms += 5000
  const well = await ask(byTag)
  expect([well.headers.get('x-nearport-reason'), well.headers.get('warning')]).toEqual([
    'known-manifest',
    null,
  ])
})

test.for<[number, () => Response]>([
  [404, () => registryError('MANIFEST_UNKNOWN', 'gone')],
  [404, () => registryError('UNAUTHORIZED', 'no more')],
  [403, () => Response.json({ errors: [{ code: 'DENIED', message: 'no' }] }, { status: 403 })],
])('a no of the upstream’s (%s) ends a tag', async ([status, answerWith]) => {
  const world = await startManifestWorld()
  await world.ask(byTag, get)
  world.registry.intercept = answerWith
  expect((await world.ask(byTag, get)).status).toBe(status)
  world.registry.intercept = down
  const answer = await world.ask(byTag, get)
  expect(answer.status).toBe(503)
  expect(await errorOf(answer)).toMatchObject({ code: 'UNAVAILABLE' })
})

test('nothing is stale where that is not wanted', async () => {
  const world = await startManifestWorld({ staleMs: 0 })
  await world.ask(byTag, get)
  world.registry.intercept = down
  expect((await world.ask(byTag, get)).status).toBe(503)
})

test('a tag whose manifest had to leave the memory is gone with it', async () => {
  const world = await startManifestWorld({ memoryBytes: 2500 })
  await world.ask(byTag, get)
  const other = `/v2/app/manifests/${newer.descriptor.digest}`
  await world.ask(other, get)
  world.registry.intercept = down
  expect((await world.ask(byTag, get)).status).toBe(503)
})

test('a HEAD that an upstream does not serve is made up for', async () => {
  const world = await startManifestWorld()
  world.registry.intercept = ({ method }) =>
    method === 'HEAD' ? new Response(null, { status: 405 }) : undefined
  for (let n = 0; n < 2; n++) {
    const answer = await world.ask(byTag, head)
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
  }
  expect((await world.ask(byTag, get)).status).toBe(200)
  expect(world.asked().filter((each) => each === 'GET 1.0')).toHaveLength(3)
})

test('a HEAD of what is not there is told so', async () => {
  const world = await startManifestWorld()
  const answer = await world.ask('/v2/app/manifests/none', head)
  expect([answer.status, await answer.text()]).toEqual([404, ''])
  expect(world.asked()).toEqual(['HEAD none'])
})

test('a tag is taken to be what its bytes are, where the upstream does not say', async () => {
  const { fetch } = stubFetch(() => new Response(text, { headers: { 'content-type': mediaType } }))
  const { ask } = createRelayApp(registry, { fetch, manifests: keeping() })
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(byTag, { method })
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
  }
})

test('a tag whose bytes are not what the upstream says they are is refused', async () => {
  const headers = { 'content-type': mediaType, 'docker-content-digest': index.descriptor.digest }
  const { fetch } = stubFetch(() => new Response(text, { headers }))
  const { ask } = createRelayApp(registry, { fetch, manifests: keeping() })
  expect((await ask(byTag)).status).toBe(502)
})

test('what the upstream warns of its tags is passed on', async () => {
  const warning = '299 - "this tag ends in May"'
  const { fetch } = stubFetch(({ method }) => {
    const headers = { 'content-type': mediaType, 'docker-content-digest': digest, warning }
    return new Response(method === 'HEAD' ? null : text, { headers })
  })
  const { ask } = createRelayApp(registry, { fetch, manifests: keeping() })
  for (let n = 0; n < 2; n++) expect((await ask(byTag)).headers.get('warning')).toBe(warning)
  expect((await ask(byDigest)).headers.get('warning')).toBeNull()
})

test('a token server that is down leaves a tag as it was', async () => {
  const manifests = keeping({ staleMs: 1e9 })
  const world = await startRelayWorld(() => ({ auth: {} }), { manifests })
  push(world.registry, 'prod/app', image, '1.0')
  expect(await (await world.ask(byTag, get)).text()).toBe(text)
  world.registry.intercept = ({ url }) => (url.includes('/token') ? down() : undefined)
  // No token lives that long.
  world.clock.ms += 1e8
  const answer = await world.ask(byTag, get)
  expect(answer.headers.get('x-nearport-reason')).toBe('stale')
  expect(await answer.text()).toBe(text)
})

test('a client that leaves says nothing of the upstream', async () => {
  const world = await startManifestWorld()
  await world.ask(byTag, get)
  world.registry.intercept = () => new Promise(() => {})
  const leaving = new AbortController()
  const asking = world.ask(byTag, { ...get, signal: leaving.signal })
  setTimeout(() => leaving.abort(), 10)
  expect((await asking).status).toBe(503)
  world.registry.intercept = undefined
  expect((await world.ask(byTag, get)).headers.get('x-nearport-reason')).toBe('known-manifest')
})
