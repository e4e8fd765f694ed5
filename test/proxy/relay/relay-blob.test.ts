import { expect, test } from 'vitest'
import type { RelayChanges, SentRequest } from './relay-world.ts'
import { createRelayApp, errorOf, stubFetch } from './relay-world.ts'

const registry = 'https://registry.example'
const digest = `sha256:${'a'.repeat(64)}`
const path = `/v2/app/blobs/${digest}`
const own = `${registry}/v2/prod/app/blobs/${digest}`

test.for<[string, string, string]>([
  ['a relative address', '/artifacts/x?sig=1', `${registry}/artifacts/x?sig=1`],
  ['an absolute one', 'https://cdn.example/x?sig=1', 'https://cdn.example/x?sig=1'],
  [
    'a signed one letter by letter',
    "https://cdn.example:443/a/../x?sig='a'|b",
    "https://cdn.example:443/a/../x?sig='a'|b",
  ],
  ['one without a scheme', '//cdn.example/x', 'https://cdn.example/x'],
])('a client is sent on to %s', async ([, location, wanted]) => {
  const headers = { location, 'cache-control': 'max-age=31536000' }
  const { ask, sent } = appThat(() => new Response(null, { status: 307, headers }))
  const answer = await ask(path)
  expect(answer.status).toBe(307)
  expect(Object.fromEntries(answer.headers)).toEqual({
    location: wanted,
    'content-length': '0',
    'cache-control': 'no-store',
    'docker-content-digest': digest,
    'x-nearport-reason': 'no-location',
  })
  expect(sent.map(({ url }) => url)).toEqual([own])
})

test('a redirect inside the API is followed here, as the client has no token for it', async () => {
  const { ask, sent } = appThat(({ url }) => {
    const location = url === own ? '/v2/renamed/blobs/x' : 'https://cdn.example/x'
    return new Response(null, { status: 307, headers: { location } })
  })
  expect((await ask(path)).headers.get('location')).toBe('https://cdn.example/x')
  expect(sent.map(({ url }) => url)).toEqual([own, `${registry}/v2/renamed/blobs/x`])
})

test.for([['javascript:alert(1)'], ['http://'], ['ftp://cdn.example/x']])(
  'nobody is sent to %s',
  async ([location]) => {
    const headers = { location: location! }
    const { ask } = appThat(() => new Response(null, { status: 302, headers }))
    expect((await ask(path)).status).toBe(503)
  },
)

test('a blob that the upstream sends itself passes, range and all', async () => {
  const validators = { etag: '"x"', 'last-modified': 'Tue, 03 Jun 2025 09:00:00 GMT' }
  const said = { 'content-type': 'application/x-own', 'accept-ranges': 'bytes', ...validators }
  const headers = { 'content-range': 'bytes 2-3/6', ...said }
  const { ask, sent } = appThat(
    () => new Response('cd', { status: 206, headers: lengthy(2, headers) }),
  )
  const answer = await ask(path, { headers: { range: 'bytes=2-3', 'if-range': '"x"' } })
  expect(sent[0]!.headers).toMatchObject({ range: 'bytes=2-3', 'if-range': '"x"' })
  expect(answer.status).toBe(206)
  expect(Object.fromEntries(answer.headers)).toEqual({
    'content-type': 'application/x-own',
    'content-length': '2',
    'content-range': 'bytes 2-3/6',
    'accept-ranges': 'bytes',
    ...validators,
    'cache-control': 'no-store, no-transform',
    'docker-content-digest': digest,
    'x-nearport-reason': 'no-location',
  })
  expect(await answer.text()).toBe('cd')
})

test('what a range is of does not go to the upstream without the range', async () => {
  const { ask, sent } = appThat(() => new Response('abcdef', { headers: lengthy(6) }))
  const answer = await ask(path, { headers: { 'if-range': '"x"' } })
  expect(sent[0]!.headers).not.toHaveProperty('if-range')
  // And what has no validator gets none.
  expect(answer.headers.has('etag')).toBe(false)
})

test('a blob that is no longer the one that was begun comes whole', async () => {
  const { ask } = appThat(() => new Response('abcdef', { headers: lengthy(6) }))
  const answer = await ask(path, { headers: { range: 'bytes=2-3', 'if-range': '"old"' } })
  expect(answer.status).toBe(200)
  expect(await answer.text()).toBe('abcdef')
})

test('several ranges pass as they come', async () => {
  const headers = { 'content-type': 'multipart/byteranges; boundary=x' }
  const { ask } = appThat(() => new Response('--x', { status: 206, headers }))
  const answer = await ask(path, { headers: { range: 'bytes=0-1,3-4' } })
  expect(answer.headers.get('content-type')).toBe('multipart/byteranges; boundary=x')
  expect(await answer.text()).toBe('--x')
})

test.for<[string, Readonly<Record<string, string>>, string]>([
  ['another length than its range', { 'content-range': 'bytes 0-9/20' }, 'bytes=0-9'],
  ['a range that is none', { 'content-range': 'bytes x-9/20' }, 'bytes=0-9'],
  ['no range at all', {}, 'bytes=0-9'],
  ['a range that nobody asked for', { 'content-range': 'bytes 0-1/20' }, ''],
])('a part with %s is not passed on', async ([, headers, range]) => {
  const { ask } = appThat(() => new Response('ab', { status: 206, headers: lengthy(2, headers) }))
  const answer = await ask(path, range === '' ? {} : { headers: { range } })
  expect(answer.status).toBe(503)
})

test('a range past the end is said to be one', async () => {
  const headers = { 'content-range': 'bytes */6' }
  const { ask, events } = appThat(() => new Response('', { status: 416, headers }))
  const answer = await ask(path, { headers: { range: 'bytes=9-' } })
  expect(answer.status).toBe(416)
  expect(answer.headers.get('content-range')).toBe('bytes */6')
  expect(await errorOf(answer)).toMatchObject({ code: 'RANGE_INVALID' })
  expect(events[0]).not.toHaveProperty('error')
})

test('a blob beyond the cap is refused, and says by which key', async () => {
  const changes = { inlineBytes: 5 }
  const { ask, events } = appThat(() => new Response('abcdef', { headers: lengthy(6) }), changes)
  const answer = await ask(path)
  expect(answer.status).toBe(502)
  const { code, message } = await errorOf(answer)
  expect(code).toBe('UNSUPPORTED')
  expect(message).toMatch(/sends these 6 bytes itself, and 5 at most .* relay\.inlineBytes$/)
  expect(events[0]!.error).toBe(message)
})

test.for<[string, string, Readonly<Record<string, string>>]>([
  ['cut short', 'abcde', lengthy(6)],
  ['too long', 'abcdefg', lengthy(6)],
  ['beyond the cap, having said nothing', 'x'.repeat(2000), {}],
])('a blob that is %s never looks whole', async ([, sent, headers]) => {
  const { ask } = appThat(() => new Response(sent, { headers }), { inlineBytes: 1000 })
  const answer = await ask(path)
  await expect(answer.arrayBuffer()).rejects.toThrow('what the upstream sends broke off')
})

test.for<[number, number, string]>([
  [404, 404, 'BLOB_UNKNOWN'],
  [401, 404, 'BLOB_UNKNOWN'],
  [403, 403, 'DENIED'],
  [429, 429, 'TOOMANYREQUESTS'],
  [502, 503, 'UNAVAILABLE'],
])('%s for a blob becomes %s %s', async ([said, status, code]) => {
  const changes = { sizeBytes: 42 }
  const { ask, events } = appThat(() => new Response('', { status: said }), changes)
  const answer = await ask(path)
  expect(answer.status).toBe(status)
  expect(await errorOf(answer)).toMatchObject({ code })
  // Nothing was read, whatever its size.
  expect(events[0]).not.toHaveProperty('bytes')
})

test.for<[string, () => Response]>([
  ['of no bytes', () => new Response(null, { headers: lengthy(0) })],
  [
    'that is encoded on its way',
    () => new Response('x', { headers: { 'content-encoding': 'br' } }),
  ],
])('a blob %s that the upstream sends itself passes too', async ([, said]) => {
  const { ask } = appThat(said)
  const answer = await ask(path)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('accept-ranges')).toBe('none')
  expect(answer.headers.get('content-length')).toBe(said().body === null ? '0' : null)
  expect((await answer.text()).length).toBe(said().body === null ? 0 : 1)
})

test('a client that does not read loses its place', async () => {
  const said = () => new Response('x'.repeat(100), { headers: lengthy(100) })
  const { ask } = appThat(said, { atOnce: 1, clientIdleMs: 50 })
  const answer = await ask(path)
  expect((await ask(path)).status).toBe(503)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect((await ask(path)).status).toBe(200)
  await expect(answer.text()).rejects.toThrow('the client did not read for 50 ms')
})

test('a connection that breaks just when it is to serve again is no failure', async () => {
  let isBroken = true
  const { ask, sent } = appThat(() => {
    if (isBroken) {
      isBroken = false
      throw new TypeError('fetch failed', { cause: new Error('other side closed') })
    }
    return new Response('', { headers: lengthy(0) })
  })
  expect((await ask(path)).status).toBe(200)
  expect(sent).toHaveLength(2)
})

test('a blob that is to be had counts as read, and one whose size is known needs no question', async () => {
  const { ask, events, sent } = appThat(() => new Response('', { status: 502 }), { sizeBytes: 42 })
  expect((await ask(path, { method: 'HEAD' })).headers.get('content-length')).toBe('42')
  expect(sent).toEqual([])
  const headers = { location: 'https://cdn.example/x' }
  const led = appThat(() => new Response(null, { status: 307, headers }), { sizeBytes: 42 })
  await led.ask(path)
  expect([events[0]!.action, led.events[0]!.bytes]).toEqual(['size', 42])
})

test('a HEAD is led on to where the blob is, with no token', async () => {
  const { ask, sent } = appThat(({ url }) =>
    url === own
      ? new Response(null, { status: 307, headers: { location: 'https://cdn.example/x' } })
      : new Response(null, { headers: lengthy(6) }),
  )
  const answer = await ask(path, { method: 'HEAD' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-length')).toBe('6')
  expect(answer.headers.get('x-nearport-reason')).toBe('no-location')
  expect(sent.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
})

test('a HEAD whose redirect takes GET alone is answered from one byte of it', async () => {
  const { ask, sent } = appThat(({ url, method, headers }) => {
    if (url === own) {
      return new Response(null, { status: 307, headers: { location: 'https://cdn.example/x' } })
    }
    if (method === 'HEAD') return new Response(null, { status: 403 })
    expect(headers['range']).toBe('bytes=0-0')
    return new Response('a', { status: 206, headers: { 'content-range': 'bytes 0-0/6' } })
  })
  const answer = await ask(path, { method: 'HEAD' })
  expect(answer.headers.get('content-length')).toBe('6')
  expect(sent.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'GET', 'GET'])
})

test('a HEAD that leads to a private network is the client’s to follow', async () => {
  const location = 'https://10.0.0.1/x'
  const { ask, sent } = appThat(() => new Response(null, { status: 307, headers: { location } }))
  const answer = await ask(path, { method: 'HEAD' })
  expect([answer.status, answer.headers.get('location')]).toEqual([307, location])
  expect(sent).toHaveLength(1)
})

test.for<[string, (sent: SentRequest) => Response, number]>([
  ['that is not there', () => new Response(null, { status: 404 }), 404],
  ['of an upstream that fails', () => new Response(null, { status: 500 }), 503],
  [
    'of a blob that is not there, where HEAD is refused',
    ({ method }) => new Response(null, { status: method === 'HEAD' ? 405 : 404 }),
    404,
  ],
  ['whose size nobody says', () => new Response(null), 503],
  [
    'whose GET leads to a private network, where HEAD is refused',
    ({ method }) =>
      method === 'HEAD'
        ? new Response(null, { status: 405 })
        : new Response(null, { status: 307, headers: { location: 'https://10.0.0.1/x' } }),
    503,
  ],
])('a HEAD of a blob %s is told so', async ([, said, status]) => {
  const answer = await appThat(said).ask(path, { method: 'HEAD' })
  expect(answer.status).toBe(status)
  expect(await answer.text()).toBe('')
})

function appThat(said: (sent: SentRequest) => Response, changes: RelayChanges = {}) {
  const { fetch, sent } = stubFetch(said)
  return { ...createRelayApp(registry, { fetch, ...changes }), sent }
}

function lengthy(bytes: number, headers: Readonly<Record<string, string>> = {}) {
  return { 'content-length': String(bytes), ...headers }
}
