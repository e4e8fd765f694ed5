import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RequestEvent } from '../../src/core/event.ts'
import { createRouter } from '../../src/core/route.ts'
import { artifactOf, fileOf } from '../../src/embedded/artifacts.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import type { Served } from '../../src/embedded/serve.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createApp } from '../../src/proxy/app.ts'
import { assumedPresence } from '../../src/proxy/presence.ts'

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

async function ask(
  target: string,
  init: RequestInit = {},
  { timeoutMs = 2000 } = {},
): Promise<Response> {
  const regions = { find: () => undefined }
  const route = createRouter({ mirrors: [], overrides: {}, elsewhere: 'upstream', regions })
  const upstreams = [{ repositories: '', registry: served.url, namespace: 'prod/public' }]
  const app = createApp({
    policy: () => ({ upstreams, mirrors: [], route }),
    locate: () => undefined,
    presence: assumedPresence,
    askForMs: 100,
    relay: { fetch, timeoutMs, maxBytes: 1000 },
    record: (event) => events.push(event),
    now: Date.now,
  })
  return app.fetch(new Request(`http://registry.example${target}`, init), {})
}
