import { beforeEach, expect, test } from 'vitest'
import type { Presence } from '../../src/core/policy.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import { createNamedPolicy } from '../../src/core/named-policy.ts'
import { createApp } from '../../src/proxy/app.ts'
import type { PresenceSource } from '../../src/proxy/presence.ts'
import { at, blobDigest, presenceOf, worldPolicy } from '../core/world.ts'

const blobPath = `/v2/images/app/blobs/${blobDigest}`
const upstream = 'https://upstream.example/v2/prod/public/images/app'
const mirrored = presenceOf({ 'aws/eu-west-1': 'present' }, 42)

let events: RequestEvent[] = []
beforeEach(() => {
  events = []
})

test('the base of the API is answered with no challenge, so that no client looks for a token', async () => {
  const response = await ask('/v2/')
  expect(response.status).toBe(200)
  expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  expect(response.headers.get('www-authenticate')).toBeNull()
  expect(response.headers.get('x-nearport-client')).toBe('in no known region')
  const there = await ask('/v2/', { client: 'aws/eu-west-1' })
  expect(there.headers.get('x-nearport-client')).toBe('aws/eu-west-1')
  expect(await response.json()).toEqual({})
})

test('a blob goes to the mirror in one absolute hop that nobody may remember', async () => {
  const response = await ask(blobPath, { client: 'aws/eu-west-1', presence: mirrored })
  expect(response.status).toBe(307)
  expect(Object.fromEntries(response.headers)).toEqual({
    location: `https://aws-eu-west-1.mirrors.example/containers/images/${blobDigest}`,
    'content-length': '0',
    'cache-control': 'no-store',
    'docker-content-digest': blobDigest,
    'x-nearport-reason': 'in-region',
  })
})

test('where the upstream is relayed, a mirror that has the blob is still where the client goes', async () => {
  const options = { client: 'aws/eu-west-1', presence: mirrored, mode: 'relay' } as const
  const response = await ask(blobPath, options)
  expect(response.status).toBe(307)
  expect(response.headers.get('x-nearport-reason')).toBe('in-region')
})

test.for([blobPath, '/v2/images/app/manifests/1.0'])(
  'where the upstream is relayed, nobody is sent there for %s',
  async (target) => {
    const response = await ask(target, { mode: 'relay' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('relayed')
    expect(events).toMatchObject([{ action: 'upstream', status: 200 }])
  },
)

test('a query stays behind on the way to a mirror, where it would mean another request', async () => {
  const response = await ask(`${blobPath}?acl`, { client: 'aws/eu-west-1', presence: mirrored })
  expect(response.headers.get('location')).not.toContain('?')
})

test.for<[string, string, string, string | null]>([
  ['a blob', `${blobPath}?a=b`, `${upstream}/blobs/${blobDigest}?a=b`, blobDigest],
  ['a manifest by tag', '/v2/images/app/manifests/1.0?a=b', `${upstream}/manifests/1.0?a=b`, null],
  [
    'a manifest by digest',
    `/v2/images/app/manifests/${blobDigest}?ns=docker.io`,
    `${upstream}/manifests/${blobDigest}`,
    blobDigest,
  ],
])('%s goes to the upstream with its query', async ([, target, location, digest]) => {
  for (const method of ['GET', 'HEAD']) {
    const response = await ask(target, { method })
    expect(response.status).toBe(307)
    expect(response.headers.get('location')).toBe(location)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    expect(response.headers.get('cache-control')).toBe('no-store')
  }
})

test('a HEAD of a known blob is answered here, with its length and digest', async () => {
  const response = await ask(blobPath, { method: 'HEAD', presence: mirrored })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-length')).toBe('42')
  expect(response.headers.get('docker-content-digest')).toBe(blobDigest)
  expect(response.headers.get('x-nearport-reason')).toBe('known-size')
})

test('what is asked by a name of its upstream is known by its prefix, and the name is said', async () => {
  const hosts = ['team.example']
  const response = await ask('/v2/app/manifests/1?ns=team.example', { hosts })
  expect(response.headers.get('location')).toBe('https://team.example/v2/team/app/manifests/1')
  expect(response.headers.get('oci-namespace')).toBe('team.example')
  expect(events).toMatchObject([{ repository: 'team/app' }])
  const other = await ask('/v2/images/app/manifests/1?ns=docker.io')
  expect(other.headers.get('oci-namespace')).toBeNull()
})

test.for<[string, string, string, number, string]>([
  ['an upload', 'POST', '/v2/app/blobs/uploads/', 405, 'UNSUPPORTED'],
  ['a manifest that is no tag', 'GET', '/v2/images/app/manifests/.no', 404, 'MANIFEST_UNKNOWN'],
  ['a blob that is no digest', 'GET', '/v2/images/app/blobs/x', 400, 'DIGEST_INVALID'],
  ['a name of no upstream', 'GET', '/v2/other/manifests/1', 404, 'NAME_UNKNOWN'],
  ['the catalog', 'GET', '/v2/_catalog', 404, 'UNSUPPORTED'],
  ['a page', 'GET', '/index.html', 404, 'NAME_UNKNOWN'],
])('%s is refused in the words of the spec', async ([, method, target, status, code]) => {
  const response = await ask(target, { method })
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null)
  const body = await response.text()
  expect(response.headers.get('content-length')).toBe(String(body.length))
  expect(JSON.parse(body)).toEqual({ errors: [{ code, message: expect.any(String) }] })
})

test('a refused HEAD has the length of what it leaves out', async () => {
  const target = '/v2/images/app/blobs/x'
  const [get, head] = [await ask(target), await ask(target, { method: 'HEAD' })]
  expect(await head.text()).toBe('')
  expect(head.headers.get('content-length')).toBe(String((await get.text()).length))
})

test('what breaks here is told to nobody but the operator', async () => {
  const broken: Presence = {
    holds: () => {
      throw new Error('a bug')
    },
    sizeBytes: () => undefined,
  }
  const response = await ask(blobPath, { client: 'aws/eu-west-1', presence: broken })
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('a bug')
  expect(events[0]).toMatchObject({ status: 500, error: expect.stringContaining('a bug') })
})

test('each request leaves one event, without the client’s address', async () => {
  await ask(blobPath, { client: 'aws/eu-west-1', presence: mirrored })
  expect(events).toEqual([
    {
      event: 'request',
      timeMs: 1000,
      method: 'GET',
      kind: 'blob',
      repository: 'images/app',
      reference: blobDigest,
      cloud: 'aws',
      region: 'eu-west-1',
      action: 'mirror',
      reason: 'in-region',
      mirror: 'aws/eu-west-1',
      status: 307,
      sizeBytes: 42,
      bytes: 42,
      durationMs: 0,
    },
  ])
})

test.for<[string, string, number]>([
  ['a closed range', 'bytes=0-9', 10],
  ['a rest that resumes', 'bytes=10-', 0],
])('%s is counted as what it reads', async ([, range, bytes]) => {
  await ask(blobPath, { client: 'aws/eu-west-1', presence: mirrored, headers: { range } })
  expect(events).toMatchObject([{ sizeBytes: 42, bytes }])
})

test.for<[string, string, object]>([
  [
    'a tag is the reference of a manifest',
    '/v2/images/app/manifests/1',
    { kind: 'manifest', reference: '1' },
  ],
  ['a refusal has no repository', '/v1/', { kind: 'refusal', action: 'refuse', status: 404 }],
])('in an event %s', async ([, target, wanted]) => {
  await ask(target)
  expect(events[0]).toMatchObject(wanted)
})

test('methods that nobody knows share one name in the events', async () => {
  await ask('/v2/', { method: 'PROPFIND' })
  expect(events[0]).toMatchObject({ method: 'other', status: 405 })
})

type AskOptions = {
  method?: string
  client?: string
  presence?: Presence
  headers?: Readonly<Record<string, string>>
  mode?: 'relay'
  hosts?: readonly string[]
}

async function ask(target: string, options: AskOptions = {}): Promise<Response> {
  const presence: PresenceSource = {
    current: () => options.presence,
    ask: () => Promise.resolve('failed'),
  }
  const { mode } = options
  const world = worldPolicy()
  const [team, ...others] = world.upstreams.map((each) => ({ ...each, mode }))
  const upstreams = [{ ...team!, hosts: options.hosts }, ...others]
  const policyOf = createNamedPolicy({ ...world, upstreams })
  const app = createApp({
    policyOf: (_request, ns) => policyOf(() => 'registry.example', ns),
    locate: () => at(options.client ?? 'nowhere'),
    presence,
    askForMs: 100,
    relay: () => Promise.resolve({ response: new Response('relayed') }),
    record: (event) => events.push(event),
    now: () => 1000,
    elapsedMs: () => 1000,
  })
  return app.fetch(
    new Request(`http://registry.example${target}`, {
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
    }),
    {},
  )
}
