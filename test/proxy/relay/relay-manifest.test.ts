import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createRelayApp, errorOf, startRelayWorld, stubFetch } from './relay-world.ts'

const registry = 'https://registry.example'
const text = '{"schemaVersion":2}'
const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
const type = 'application/vnd.oci.image.manifest.v1+json'
const whole = {
  'content-type': type,
  'content-length': String(text.length),
  'docker-content-digest': digest,
}
const path = '/v2/app/manifests/1.0'

test('Accept goes along whole, from however many lines, and the query less ns', async () => {
  const { fetch, sent } = stubFetch(() => new Response(text, { headers: whole }))
  const { ask } = createRelayApp(registry, { fetch })
  const headers = new Headers()
  for (const each of ['a/b;q=0.5', 'c/d', '*/*;q=0.1']) headers.append('accept', each)
  await ask(`${path}?ns=docker.io&a=b`, { headers })
  expect(sent).toMatchObject([
    {
      url: `${registry}/v2/prod/app/manifests/1.0?a=b`,
      headers: { accept: 'a/b;q=0.5, c/d, */*;q=0.1', 'accept-encoding': 'identity' },
    },
  ])
})

test('short names of Docker Hub are in library', async () => {
  const { fetch, sent } = stubFetch(() => new Response(text, { headers: whole }))
  const { ask } = createRelayApp(registry, { fetch, upstream: { namespace: '', library: true } })
  await ask('/v2/alpine/manifests/3')
  expect(sent[0]!.url).toBe(`${registry}/v2/library/alpine/manifests/3`)
})

test('a warning is passed on, for clients show it', async () => {
  const said = '299 - "this tag ends in May"'
  for (const [warning, wanted] of [
    [said, said],
    [`299 - "${'x'.repeat(4096)}"`, null],
  ] as const) {
    const { fetch } = stubFetch(() => new Response(text, { headers: { ...whole, warning } }))
    const answer = await createRelayApp(registry, { fetch }).ask(path)
    expect(answer.headers.get('warning')).toBe(wanted)
  }
})

test.for<[string, Readonly<Record<string, string>>]>([
  ['no length and no digest', { 'content-type': type }],
  ['a digest that is none', { ...whole, 'docker-content-digest': 'md5' }],
  ['the length of what it was before it was decoded', { ...whole, 'content-encoding': 'br' }],
])('an upstream that sends %s is made up for', async ([, headers]) => {
  const { fetch, sent } = stubFetch(({ method }) => {
    return new Response(method === 'HEAD' ? null : text, { headers })
  })
  const { ask } = createRelayApp(registry, { fetch })
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(path, { method })
    expect(answer.headers.get('content-length')).toBe(String(text.length))
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    expect(await answer.text()).toBe(method === 'HEAD' ? '' : text)
  }
  expect(sent.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET'])
})

test('a manifest that was asked for by its digest is called by it', async () => {
  const headers = { 'content-type': type, 'content-length': String(text.length) }
  const { fetch } = stubFetch(() => new Response(text, { headers }))
  const answer = await createRelayApp(registry, { fetch }).ask(`/v2/app/manifests/${digest}`)
  expect(answer.headers.get('docker-content-digest')).toBe(digest)
})

test.for([405, 501])('a HEAD that is refused with %s is answered from a GET', async (status) => {
  const { fetch } = stubFetch(({ method }) =>
    method === 'HEAD' ? new Response(null, { status }) : new Response(text, { headers: whole }),
  )
  const answer = await createRelayApp(registry, { fetch }).ask(path, { method: 'HEAD' })
  expect(Object.fromEntries(answer.headers)).toMatchObject(whole)
  expect(await answer.text()).toBe('')
})

test('a manifest that says it is too large is refused, and not one byte of it is read', async () => {
  let pulled = 0
  let isCancelled = false
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++
          controller.enqueue(new Uint8Array(1000))
        },
        cancel: () => void (isCancelled = true),
      },
      { highWaterMark: 0 },
    )
  const headers = { ...whole, 'content-length': '20001' }
  const { fetch } = stubFetch(() => new Response(body(), { headers }))
  const { ask, events } = createRelayApp(registry, { fetch, maxManifestBytes: 20_000 })
  const answer = await ask(path)
  expect(answer.status).toBe(502)
  const message = "the upstream's manifest has 20001 bytes, and 20000 at most are passed on"
  expect(await errorOf(answer)).toEqual({ code: 'UNSUPPORTED', message })
  expect(events).toMatchObject([{ action: 'upstream', reason: 'manifest', error: message }])
  expect([pulled, isCancelled]).toEqual([0, true])
})

test('a manifest that only turns out to be too large is refused too', async () => {
  const { fetch } = stubFetch(() => new Response('x'.repeat(4097)))
  const answer = await createRelayApp(registry, { fetch }).ask(path)
  expect(answer.status).toBe(502)
})

test.for<[string, string]>([
  ['cut short', text.slice(1)],
  ['too long', `${text} `],
])('a manifest that is %s never looks whole', async ([, sent]) => {
  const { fetch } = stubFetch(() => new Response(sent, { headers: whole }))
  const answer = await createRelayApp(registry, { fetch }).ask(path)
  await expect(answer.text()).rejects.toThrow(/^what the upstream sends broke off: wanted 19 bytes/)
})

test('what GHCR says to an Accept that is too thin is passed on, in bounds', async () => {
  const message = `OCI index found, but Accept header does not support OCI indexes\n${'x'.repeat(999)}`
  const { fetch } = stubFetch(() =>
    Response.json({ errors: [{ code: 'MANIFEST_UNKNOWN', message }] }, { status: 404 }),
  )
  const { ask, events } = createRelayApp(registry, { fetch })
  const answer = await ask(path)
  expect(answer.status).toBe(404)
  const error = await errorOf(answer)
  expect(error.code).toBe('MANIFEST_UNKNOWN')
  expect(error.message).toMatch(/^the upstream registry says: OCI index found, but Accept .* x+$/)
  expect(error.message.length).toBeLessThan(250)
  expect(events[0]).not.toHaveProperty('error')
})

const say = (status: number, body: string, headers: Record<string, string> = {}) =>
  new Response(body, { status, headers })
const unknownName = '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}'

test.for<[string, () => Response, number, string, string | null]>([
  ['an unknown tag', () => say(404, ''), 404, 'MANIFEST_UNKNOWN', null],
  ['an unknown repository', () => say(404, unknownName), 404, 'NAME_UNKNOWN', null],
  ['a page in the place of an error', () => say(404, '<html>'), 404, 'MANIFEST_UNKNOWN', null],
  ['an error without end', () => say(404, '"'.repeat(20_000)), 404, 'MANIFEST_UNKNOWN', null],
  ['what we may not see', () => say(401, ''), 404, 'MANIFEST_UNKNOWN', null],
  ['what nobody may see', () => say(403, ''), 403, 'DENIED', null],
  ['patience in seconds', () => say(429, '', { 'retry-after': '7' }), 429, 'TOOMANYREQUESTS', '7'],
  ['patience with no word of how long', () => say(429, ''), 429, 'TOOMANYREQUESTS', '60'],
  [
    'patience until a date',
    () => say(429, '', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }),
    429,
    'TOOMANYREQUESTS',
    'Wed, 21 Oct 2026 07:28:00 GMT',
  ],
  [
    'patience in no form',
    () => say(429, '', { 'retry-after': '<script>' }),
    429,
    'TOOMANYREQUESTS',
    '60',
  ],
  ['a failure', () => say(500, 'secret stack'), 503, 'UNAVAILABLE', '5'],
  ['a failure for a while', () => say(503, '', { 'retry-after': '30' }), 503, 'UNAVAILABLE', '30'],
  ['a redirect to nowhere', () => say(307, ''), 503, 'UNAVAILABLE', '5'],
])('%s is told in the words of the spec', async ([, said, status, code, retryAfter]) => {
  const { fetch } = stubFetch(said)
  const { ask, events } = createRelayApp(registry, { fetch })
  const answer = await ask(path)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('retry-after')).toBe(retryAfter)
  expect(answer.headers.get('x-nearport-reason')).toBe('manifest')
  const error = await errorOf(answer)
  expect(error.code).toBe(code)
  expect(error.message).not.toContain('secret')
  expect(events).toMatchObject([{ status, action: 'upstream', reason: 'manifest' }])
})

test('an upstream that is down is told so', async () => {
  const down = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('refused') }))
  const { ask, events } = createRelayApp(registry, { fetch: down })
  const answer = await ask(path)
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('5')
  expect(await errorOf(answer)).toMatchObject({ code: 'UNAVAILABLE' })
  expect(events[0]!.error).toBe(
    `${registry} gave no answer to a GET of a manifest of app: fetch failed: refused`,
  )
})

test('an upstream that does not answer in time is not waited for', async () => {
  const world = await startRelayWorld(() => ({}), { timeoutMs: 50 })
  world.registry.intercept = () =>
    new Promise((resolve) => setTimeout(() => resolve(undefined), 500))
  expect((await world.ask(path)).status).toBe(503)
  expect(world.events[0]!.error).toContain('no answer came in 50 ms')
})

test('a body that falls silent breaks off', async () => {
  const body = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('{')) })
  const { fetch } = stubFetch(() => new Response(body(), { headers: whole }))
  const answer = await createRelayApp(registry, { fetch, timeoutMs: 50 }).ask(path)
  await expect(answer.text()).rejects.toThrow('no byte came for 50 ms')
})

test.for<[string, string, string]>([
  ['an address in a private network', 'https://10.0.0.1/x', 'got https://10.0.0.1'],
  ['plain http', 'http://cdn.example/x', 'got http://cdn.example'],
  ['an address with a user', 'https://me:secret@cdn.example/', 'got https://cdn.example'],
])('a redirect to %s is not followed', async ([, location, why]) => {
  const { fetch, sent } = stubFetch(() => say(302, '', { location }))
  const { ask, events } = createRelayApp(registry, { fetch })
  expect((await ask(path)).status).toBe(503)
  expect(sent).toHaveLength(1)
  expect(events[0]!.error).toContain(why)
  expect(events[0]!.error).not.toContain('secret')
})

test('a redirect is followed three times, and no more', async () => {
  for (const [hops, status] of [
    [3, 200],
    [4, 503],
  ] as const) {
    const { fetch, sent } = stubFetch(() =>
      sent.length <= hops
        ? say(307, '', { location: `/v2/hop/${sent.length}` })
        : new Response(text, { headers: whole }),
    )
    expect((await createRelayApp(registry, { fetch }).ask(path)).status).toBe(status)
    expect(sent.length).toBe(4)
  }
})

test('no more are under way at once than are to be, until their last byte', async () => {
  const { fetch } = stubFetch(() => new Response(text, { headers: whole }))
  const { ask, events } = createRelayApp(registry, { fetch, atOnce: 2 })
  const [first, second, third] = [await ask(path), await ask(path), await ask(path)]
  expect([first.status, second.status, third.status]).toEqual([200, 200, 503])
  expect(events[2]!.error).toBe('2 manifests and blobs are under way')
  await first.text()
  await second.body!.cancel()
  const more = [await ask(path), await ask(path), await ask(path)]
  expect(more.map(({ status }) => status)).toEqual([200, 200, 503])
})

test('what must be read whole takes its place among the lists', async () => {
  const { fetch } = stubFetch(() => new Response(text))
  const { ask } = createRelayApp(registry, { fetch, listsAtOnce: 1 })
  const answers = await Promise.all([ask(path), ask(path)])
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]))
  expect((await ask(path)).status).toBe(200)
})

test('a client that leaves takes its request to the upstream with it', async () => {
  // Longer than any test may take.
  const world = await startRelayWorld(() => ({}), { timeoutMs: 600_000 })
  const left = new Promise<void>((resolve) => {
    world.registry.intercept = (request) => {
      request.signal.addEventListener('abort', () => resolve(), { once: true })
      return new Promise(() => {})
    }
  })
  const leaving = new AbortController()
  const asking = world.ask(path, { signal: leaving.signal })
  setTimeout(() => leaving.abort(), 50)
  expect((await asking).status).toBe(503)
  await left
  expect(world.events[0]).not.toHaveProperty('error')
})

test('an upstream that leads back to us is asked once', async () => {
  const { fetch, sent } = stubFetch(({ headers }) => again(headers['via']!))
  const { ask, events } = createRelayApp(registry, { fetch })
  const again = (via: string) => ask(path, { headers: { via } })
  expect((await ask(path)).status).toBe(404)
  expect(sent).toHaveLength(1)
  expect(events[0]!.error).toContain('the upstream leads back here')
})
