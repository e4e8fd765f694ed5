import { LRUCache } from 'lru-cache'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../../src/core/digest.ts'
import type { BlobRequest } from '../../../src/core/request.ts'
import { parseRequest } from '../../../src/core/request.ts'
import type { LearntOpenness } from '../../../src/proxy/pass-through/repository-openness.ts'
import { createOpenness } from '../../../src/proxy/pass-through/repository-openness.ts'
import type { RelayDeps } from '../../../src/proxy/relay/context.ts'
import { createAuthority } from '../../../src/proxy/upstream/authority.ts'
import { createSingleFlight } from '../../../src/runtime/single-flight.ts'
import type { SentRequest } from '../relay/relay-world.ts'
import { stubFetch } from '../relay/relay-world.ts'

const upstream = {
  repositories: '',
  registry: 'https://hub.example',
  namespace: 'prod',
  mode: 'relay',
  clientCredentials: true,
  credentials: 'HUB',
} as const
const [one, other] = ['a', 'b'].map((digit) => digestOfHex(digit.repeat(64)))

test.for<[string, () => Response, LearntOpenness]>([
  ['a part of it is open', () => new Response('x', { status: 206 }), 'open'],
  ['all of it is open', () => new Response('xyz'), 'open'],
  ['nothing, as it is empty, is open', () => new Response(null, { status: 416 }), 'open'],
  ['401 is closed', () => answer(401, { 'www-authenticate': 'Basic realm="x"' }), 'closed'],
  ['401 that says nothing is closed', () => answer(401), 'closed'],
  ['403 is closed', () => answer(403), 'closed'],
  ['404 is closed', () => answer(404), 'closed'],
  ['429 is closed', () => answer(429), 'closed'],
  ['503 is closed', () => answer(503), 'closed'],
  ['nothing that can be read is closed', () => answer(204), 'closed'],
  [
    'a page to log in at is closed',
    () => new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }),
    'closed',
  ],
  [
    'a redirect to a private address is closed',
    () => answer(307, { location: 'https://10.0.0.1/blob' }),
    'closed',
  ],
])('%s', async ([, say, wanted]) => {
  const { openness, sent } = create(() => say())
  expect(openness.openness(upstream, blob(one))).toBe('unknown')
  expect(await openness.askOpenness(blob(one), upstream)).toBe(wanted)
  expect(openness.openness(upstream, blob(one))).toBe(wanted)
  for (const { headers, url } of sent) {
    expect(headers['authorization']).toBeUndefined()
    expect(headers['range']).toBe('bytes=0-0')
    expect(url).toBe(`https://hub.example/v2/prod/app/blobs/${one}`)
  }
})

test('it is read where it really is, with a token that anyone gets, for the registry alone', async () => {
  const { openness, sent } = create(({ url, headers }) => {
    const { hostname, pathname } = new URL(url)
    if (hostname === 'cdn.example') return new Response('x', { status: 206 })
    if (pathname === '/token') return Response.json({ token: 'anyone' })
    return headers['authorization'] === undefined
      ? answer(401, { 'www-authenticate': 'Bearer realm="https://hub.example/token"' })
      : answer(307, { location: 'https://cdn.example/blob' })
  })
  expect(await openness.askOpenness(blob(one), upstream)).toBe('open')
  expect(sent.map(({ url, headers }) => [new URL(url).pathname, headers['authorization']])).toEqual(
    [
      [`/v2/prod/app/blobs/${one}`, undefined],
      ['/token', undefined],
      [`/v2/prod/app/blobs/${one}`, 'Bearer anyone'],
      ['/blob', undefined],
    ],
  )
})

test('where a redirect leads to a page to log in at, nothing is open', async () => {
  const { openness } = create(({ url }) =>
    url.startsWith('https://hub.example')
      ? answer(302, { location: 'https://login.example/' })
      : new Response('<html>', { headers: { 'content-type': 'text/html' } }),
  )
  expect(await openness.askOpenness(blob(one), upstream)).toBe('closed')
})

test.for<[string, () => Response, number]>([
  ['open counts for ten minutes', () => new Response('x', { status: 206 }), 600_000],
  ['closed counts for a minute', () => answer(403), 60_000],
  ['no answer counts for ten seconds', () => answer(503), 10_000],
])('%s', async ([, say, keptMs]) => {
  const { openness, clock } = create(() => say())
  const heard = await openness.askOpenness(blob(one), upstream)
  clock.ms += keptMs - 1
  expect(openness.openness(upstream, blob(one))).toBe(heard)
  clock.ms += 2
  expect(openness.openness(upstream, blob(one))).toBe('unknown')
})

test('what was heard is of the repository, and of no other', async () => {
  const { openness } = create(() => new Response('x', { status: 206 }))
  await openness.askOpenness(blob(one), upstream)
  expect(openness.openness(upstream, blob(other))).toBe('open')
  expect(openness.openness(upstream, blob(one, 'app2'))).toBe('unknown')
  expect(openness.openness({ ...upstream, namespace: 'x' }, blob(one))).toBe('unknown')
  expect(openness.openness({ ...upstream, registry: 'https://x.example' }, blob(one))).toBe(
    'unknown',
  )
})

test('who asks for a blob that is not there does not close the repository', async () => {
  const { openness } = create(() => answer(404))
  await openness.askOpenness(blob(one), upstream)
  expect(openness.openness(upstream, blob(one))).toBe('closed')
  expect(openness.openness(upstream, blob(other))).toBe('unknown')
})

test('all who ask at once share one question', async () => {
  const { openness, sent } = create(() => new Response('x', { status: 206 }))
  const asked = [one, other, one].map((digest) => openness.askOpenness(blob(digest), upstream))
  expect(await Promise.all(asked)).toEqual(['open', 'open', 'open'])
  expect(sent).toHaveLength(1)
})

test('whoever comes beyond what may be asked at once gets no mirror, and nothing is remembered', async () => {
  const { openness } = create(() => new Response('x', { status: 206 }), 1)
  const first = openness.askOpenness(blob(one), upstream)
  expect(await openness.askOpenness(blob(one, 'app2'), upstream)).toBe('closed')
  expect(openness.openness(upstream, blob(one, 'app2'))).toBe('unknown')
  expect(await first).toBe('open')
})

function create(say: (sent: SentRequest) => Response, atOnce = 8) {
  const { fetch, sent } = stubFetch(say)
  const clock = { ms: 1 }
  const realms: ReadonlySet<string> = new Set()
  const authority = createAuthority({
    fetch,
    timeoutMs: 1000,
    tokens: new LRUCache({ max: 10 }),
    coalesce: createSingleFlight(),
    // They are sync's.
    credentialsOf: ({ credentials }) =>
      credentials === undefined ? undefined : { user: 'sync', password: 'secret' },
    realms,
    now: () => clock.ms,
  })
  const relay: RelayDeps = {
    fetch,
    authority,
    health: { hear: () => {} },
    realms,
    timeoutMs: 1000,
    clientIdleMs: 1000,
    maxListBytes: 1,
    maxManifestBytes: 1,
    inlineBytes: 1,
    listsAtOnce: 1,
    atOnce,
    name: 'nearport-test',
  }
  const perf = { now: () => clock.ms }
  const remembered = new LRUCache<string, LearntOpenness>({ max: 10, perf, ttlResolution: 0 })
  const openness = createOpenness({ relay, remembered, coalesce: createSingleFlight() })
  return { openness, sent, clock }
}

function blob(digest: string | undefined, repository = 'app'): BlobRequest {
  return parseRequest('GET', `/v2/${repository}/blobs/${digest}`) as BlobRequest
}

function answer(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers })
}
