import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RequestEvent } from '../../../src/core/event.ts'
import { createRouter } from '../../../src/core/route.ts'
import { artifactOf, fileOf } from '../../../src/embedded/artifacts.ts'
import { imageOf, push } from '../../../src/embedded/images.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import type { Served } from '../../../src/embedded/serve.ts'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import { createApp } from '../../../src/proxy/app.ts'
import { assumedPresence } from '../../../src/proxy/presence.ts'
import { createRelay } from '../../../src/proxy/relay/relay.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'a', content: 'a' }] })
const bill = artifactOf({
  artifactType: 'application/spdx+json',
  files: [fileOf('application/spdx+json', 'bill.json', '{}')],
  subject: image,
})
const registry = createRegistry()
let served: Served
let events: RequestEvent[] = []

beforeAll(async () => {
  push(registry, 'prod/public/app', image, 'a', 'b', 'c')
  push(registry, 'prod/public/app', bill)
  served = await serveEmbedded(registry.fetch)
})
afterAll(() => served.close())
beforeEach(() => {
  registry.intercept = undefined
  registry.requests.length = 0
  events = []
})

test('tags come under our own name', async () => {
  const response = await ask('/v2/app/tags/list')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ name: 'app', tags: ['a', 'b', 'c'] })
  expect(response.headers.get('x-nearport-reason')).toBe('listing')
})

test('a page links to the next on our own host, and the pages make the whole', async () => {
  const tags: string[] = []
  let target: string | undefined = '/v2/app/tags/list?n=1'
  while (target !== undefined) {
    const response = await ask(target)
    tags.push(...((await response.json()) as { tags: string[] }).tags)
    const link = response.headers.get('link')
    expect(link === null || link.startsWith('</v2/app/tags/list?')).toBe(true)
    target = /<(.*)>; rel="next"/.exec(link ?? '')?.[1]
  }
  expect(tags).toEqual(['a', 'b', 'c'])
})

test.for<[string, string, string | null]>([
  [
    'an absolute link',
    '<https://elsewhere.example/v2/x/tags/list?n=1&last=a>; rel="next"',
    '?n=1&last=a',
  ],
  ['a relative link', '</v2/x/tags/list?last=a>; rel=next', '?last=a'],
  ['a link with more to it', '</v2/x/tags/list?last=a>; title="next"; rel="next"', '?last=a'],
  ['a link to something else', '</v2/x/tags/list?last=a>; rel="prev"', null],
  ['a link without a query', '</v2/x/tags/list>; rel="next"', null],
])('%s of the upstream becomes our own', async ([, link, query]) => {
  registry.intercept = () => Response.json({ name: 'x', tags: ['a'] }, { headers: { link } })
  const response = await ask('/v2/app/tags/list')
  expect(response.headers.get('link')).toBe(
    query === null ? null : `</v2/app/tags/list${query}>; rel="next"`,
  )
})

test('the query goes to the upstream, and ns stays here', async () => {
  await ask('/v2/app/tags/list?n=2&ns=docker.io&last=a')
  expect(registry.requests.map(({ path }) => path)).toEqual([
    '/v2/prod/public/app/tags/list?n=2&last=a',
  ])
})

test('nothing of the client’s but Accept goes to the upstream', async () => {
  await ask('/v2/app/tags/list', {
    headers: { authorization: 'Basic eA==', cookie: 'a=b', accept: 'x/y' },
  })
  const { headers } = registry.requests[0]!
  expect(headers).toMatchObject({ accept: 'x/y', 'accept-encoding': 'identity' })
  expect(headers).not.toHaveProperty('authorization')
  expect(headers).not.toHaveProperty('cookie')
})

test('referrers come as an index, with the filter that was applied', async () => {
  const type = encodeURIComponent('application/spdx+json')
  const response = await ask(`/v2/app/referrers/${image.descriptor.digest}?artifactType=${type}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json')
  expect(response.headers.get('oci-filters-applied')).toBe('artifactType')
  expect(await response.json()).toMatchObject({
    manifests: [{ digest: bill.descriptor.digest }],
  })
})

test('a HEAD has the length of the list that it leaves out', async () => {
  const get = await ask('/v2/app/tags/list')
  const head = await ask('/v2/app/tags/list', { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe(String((await get.text()).length))
  expect(await head.text()).toBe('')
})

test.for<[string, Response, string, number, string]>([
  [
    'an unknown repository',
    new Response('', { status: 404 }),
    '/v2/app/tags/list',
    404,
    'NAME_UNKNOWN',
  ],
  [
    'an upstream without referrers, which oras must not take for an error',
    new Response('404 page not found', { status: 404 }),
    `/v2/app/referrers/${image.descriptor.digest}`,
    404,
    'MANIFEST_UNKNOWN',
  ],
  [
    'an upstream that wants a token',
    new Response('', { status: 401 }),
    '/v2/app/tags/list',
    404,
    'NAME_UNKNOWN',
  ],
  ['a bad n', new Response('', { status: 400 }), '/v2/app/tags/list?n=-1', 400, 'NAME_INVALID'],
  [
    'an upstream that breaks',
    new Response('', { status: 500 }),
    '/v2/app/tags/list',
    503,
    'UNAVAILABLE',
  ],
  ['words that are no list', new Response('<html>'), '/v2/app/tags/list', 503, 'UNAVAILABLE'],
  ['JSON that is no list', new Response('null'), '/v2/app/tags/list', 503, 'UNAVAILABLE'],
  [
    'an answer that is no answer',
    new Response(null, { status: 204 }),
    '/v2/app/tags/list',
    503,
    'UNAVAILABLE',
  ],
  [
    'a list of referrers that is none',
    Response.json({ name: 'app', tags: [] }),
    `/v2/app/referrers/${image.descriptor.digest}`,
    503,
    'UNAVAILABLE',
  ],
  ['a list without end', new Response('"'.repeat(2000)), '/v2/app/tags/list', 503, 'UNAVAILABLE'],
])('%s is told in the words of the spec', async ([, answer, target, status, code]) => {
  registry.intercept = () => answer
  const response = await ask(target)
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ errors: [{ code }] })
  expect(events[0]).toMatchObject({ status, action: 'relay', reason: 'listing' })
  if (status === 503) expect(events[0]).toHaveProperty('error')
})

test('an upstream that asks for patience is passed on', async () => {
  registry.intercept = () => new Response('', { status: 429, headers: { 'retry-after': '7' } })
  const response = await ask('/v2/app/tags/list')
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('7')
})

test('an upstream that does not answer in time is not waited for', async () => {
  registry.intercept = () => new Promise((resolve) => setTimeout(() => resolve(undefined), 1000))
  const response = await ask('/v2/app/tags/list', {}, { timeoutMs: 50 })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
})

test('an upstream that leads back to us is asked once', async () => {
  let asked = 0
  registry.intercept = (request) => {
    asked++
    // As if the upstream were ourselves.
    return relayedAgain(request)
  }
  const response = await ask('/v2/app/tags/list')
  expect(response.status).toBe(404)
  expect(asked).toBe(1)
  expect(events.map(({ error }) => error ?? '')).toContain(
    'the upstream leads back here: see its registry in the configuration',
  )
})

test('no more lists are asked for at once than are to be held, and who is sent away may come again', async () => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  registry.intercept = () => held.then(() => undefined)
  const app = createTestApp({ atOnce: 2 })
  const pulls = [1, 2, 3].map(async () => app.fetch(requestFor('/v2/app/tags/list'), {}))
  const third = await pulls[2]!
  expect(third.status).toBe(503)
  expect(third.headers.get('retry-after')).toBe('5')
  release()
  expect((await Promise.all(pulls)).map(({ status }) => status)).toEqual([200, 200, 503])
  expect((await app.fetch(requestFor('/v2/app/tags/list'), {})).status).toBe(200)
})

test('a client that leaves takes its request to the upstream with it', async () => {
  const left = new Promise<void>((resolve) => {
    registry.intercept = (request) => {
      request.signal.addEventListener('abort', () => resolve(), { once: true })
      return new Promise(() => {})
    }
  })
  const leaving = new AbortController()
  const asking = ask('/v2/app/tags/list', { signal: leaving.signal })
  await new Promise((resolve) => setTimeout(resolve, 50))
  leaving.abort()
  expect((await asking).status).toBe(503)
  await left
})

async function relayedAgain(request: Request): Promise<Response> {
  const again = requestFor('/v2/app/tags/list', { headers: { via: request.headers.get('via')! } })
  return createTestApp().fetch(again, {})
}

async function ask(
  target: string,
  init: RequestInit = {},
  limits: { timeoutMs?: number } = {},
): Promise<Response> {
  return createTestApp(limits).fetch(requestFor(target, init), {})
}

function requestFor(target: string, init: RequestInit = {}): Request {
  return new Request(`http://registry.example${target}`, init)
}

function createTestApp({ timeoutMs = 2000, atOnce = 8 } = {}) {
  const regions = { find: () => undefined }
  const route = createRouter({ mirrors: [], overrides: {}, elsewhere: 'upstream', regions })
  const upstreams = [{ repositories: '', registry: served.url, namespace: 'prod/public' }]
  return createApp({
    policyOf: () => ({ upstreams, mirrors: [], route }),
    locate: () => undefined,
    presence: assumedPresence,
    askForMs: 100,
    relay: createRelay({
      fetch,
      authority: { authorize: noTokens, meet: noTokens },
      health: { hear: () => {} },
      realms: new Set(),
      timeoutMs,
      clientIdleMs: 1000,
      maxListBytes: 1000,
      maxManifestBytes: 1000,
      inlineBytes: 1000,
      listsAtOnce: atOnce,
      atOnce,
      name: 'nearport-test',
    }),
    record: (event) => events.push(event),
    now: Date.now,
    elapsedMs: () => performance.now(),
  })
}

function noTokens(): never {
  throw new Error('wanted no token, where clients are redirected')
}
