import { expect, test } from 'vitest'
import { imageOf, push } from '../../../src/embedded/images.ts'
import type { RegistryAuth } from '../../../src/embedded/registry-auth.ts'
import { registryError } from '../../../src/embedded/registry-answer.ts'
import type { RelayChanges, RelayWorld, SentRequest } from './relay-world.ts'
import { createRelayApp, errorOf, startRelayWorld, stubFetch } from './relay-world.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'a', content: 'a' }] })
const path = '/v2/app/manifests/1.0'
const me = { user: 'me', password: 'se:cret/ß' }

test('one token serves everyone who asks at once, and everyone after', async () => {
  const world = await startWorld({})
  const answers = await Promise.all(Array.from({ length: 8 }, () => world.ask(path)))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
  await world.ask(path)
  await world.ask(`/v2/app/blobs/${image.blobs[0]!.descriptor.digest}`)
  await world.ask('/v2/app/tags/list')
  expect(tokensAsked(world)).toEqual(['repository:prod/app:pull'])
})

test('a token is for its repository, and the next repository’s costs no refusal', async () => {
  const world = await startWorld({})
  push(world.registry, 'prod/other', image, '1.0')
  await world.ask(path)
  await world.ask('/v2/other/manifests/1.0')
  expect(tokensAsked(world)).toEqual(['repository:prod/app:pull', 'repository:prod/other:pull'])
  // The first request, and none after.
  expect(withoutToken(world)).toBe(1)
})

test('one scope for all is asked for by that name', async () => {
  const world = await startWorld({ scope: 'aws' })
  push(world.registry, 'prod/other', image, '1.0')
  await world.ask(path)
  expect((await world.ask('/v2/other/manifests/1.0')).status).toBe(200)
  expect(tokensAsked(world)).toEqual(['aws'])
  expect(withoutToken(world)).toBe(1)
})

test('a token is renewed when four fifths of its life are over', async () => {
  const world = await startWorld({ expiresInSeconds: 100 })
  for (const [atMs, tokens] of [
    [0, 1],
    [79_000, 1],
    [80_000, 2],
    [159_000, 2],
  ] as const) {
    world.clock.ms = 1_000_000 + atMs
    expect((await world.ask(path)).status).toBe(200)
    expect(tokensAsked(world)).toHaveLength(tokens)
  }
  expect(withoutToken(world)).toBe(1)
})

test('a token that cannot be renewed serves to its end, and the token server has its peace', async () => {
  const world = await startWorld({ expiresInSeconds: 100 })
  await world.ask(path)
  world.registry.intercept = failing('/token')
  world.clock.ms += 85_000
  for (let n = 0; n < 3; n++) expect((await world.ask(path)).status).toBe(200)
  expect(tokensAsked(world)).toHaveLength(2)
  world.clock.ms += 15_000
  const answer = await world.ask(path)
  expect(answer.status).toBe(503)
  expect(world.events.at(-1)!.error).toContain('its token server answered 503')
})

test('a token that is refused before its time is renewed, once', async () => {
  let registryMs = 0
  const world = await startWorld({ expiresInSeconds: 100, now: () => registryMs })
  await world.ask(path)
  // As if the registry had forgotten it.
  registryMs = 200_000
  world.clock.ms += 20_000
  expect((await world.ask(path)).status).toBe(200)
  expect(tokensAsked(world)).toHaveLength(2)
  world.registry.intercept = refusing(world)
  world.clock.ms += 20_000
  expect((await world.ask(path)).status).toBe(404)
  expect(tokensAsked(world)).toHaveLength(3)
})

test('what is not for us is unknown, and neither registry nor token server is troubled for it', async () => {
  const world = await startWorld({ anonymous: false })
  for (const target of [path, '/v2/app/tags/list', `/v2/app/blobs/sha256:${'a'.repeat(64)}`]) {
    const answer = await world.ask(target)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('www-authenticate')).toBeNull()
  }
  expect(world.registry.requests).toHaveLength(2)
  expect(world.events[0]!.error).toBe(
    'the upstream answered 401 for a manifest: its token server answered 401',
  )
  world.clock.ms += 10_000
  await world.ask(path)
  expect(world.registry.requests).toHaveLength(3)
})

test('a token for less than was wanted is asked for once, too', async () => {
  const world = await startWorld({})
  world.registry.intercept = refusing(world)
  for (let n = 0; n < 3; n++) expect((await world.ask(path)).status).toBe(404)
  expect(tokensAsked(world)).toHaveLength(1)
  expect(world.events.at(-1)!.error).toContain('it does not take a token made for it')
})

test('with credentials the token server is told who asks, and nobody else is', async () => {
  const world = await startWorld(
    { anonymous: false, users: { me: latin1(me.password) } },
    { credentials: me },
  )
  expect((await world.ask(path)).status).toBe(200)
  const basic = world.registry.requests.filter(({ headers }) =>
    headers['authorization']?.startsWith('Basic '),
  )
  expect(basic.map(({ path: to }) => to.split('?')[0])).toEqual(['/token'])
  // How they are wanted was asked first: it might have been 404 for whoever has none.
  expect(world.registry.requests[0]!.path).toBe('/v2/')
  expect(withoutToken(world)).toBe(1)
})

test('a registry with basic auth gets the password, and one that is wrong, or not there, is told to operators', async () => {
  const world = await startWorld(
    { scheme: 'basic', users: { me: latin1(me.password) } },
    { credentials: me },
  )
  expect((await world.ask(path)).status).toBe(200)
  const wrong = createRelayApp(world.url, { credentials: { user: 'me', password: 'wrong' } })
  expect((await wrong.ask(path)).status).toBe(404)
  expect(wrong.events[0]!.error).toContain('it does not take the credentials there are')
  const none = createRelayApp(world.url)
  expect((await none.ask(path)).status).toBe(404)
  expect(none.events[0]!.error).toContain('it wants credentials, and there are none')
})

test('a registry that says nothing of tokens is asked once whether it wants the credentials', async () => {
  const world = await startRelayWorld(() => ({}), { credentials: me })
  push(world.registry, 'prod/app', image, '1.0')
  await world.ask(path)
  expect((await world.ask(path)).status).toBe(200)
  expect(world.registry.requests.map((each) => each.path)).toEqual([
    '/v2/',
    '/v2/prod/app/manifests/1.0',
    '/v2/prod/app/manifests/1.0',
  ])
  expect(world.registry.requests.some(({ headers }) => 'authorization' in headers)).toBe(false)
})

test('credentials that nobody wants, or in no way that we know, are kept', async () => {
  for (const challenged of ['', 'Negotiate', 'Bearer realm="https://10.0.0.1/token"']) {
    const { fetch, sent } = stubFetch(() => {
      const headers = { 'www-authenticate': challenged }
      return new Response('', { status: 401, headers })
    })
    const { ask, events } = createRelayApp('https://registry.example', { fetch, credentials: me })
    expect((await ask(path)).status).toBe(404)
    expect(events[0]!.error).toMatch(/credentials there are|for its tokens/)
    expect(sent.some(({ headers }) => 'authorization' in headers)).toBe(false)
  }
})

test('a registry that is not well when it is asked is asked again', async () => {
  const world = await startWorld({ users: { me: latin1(me.password) } }, { credentials: me })
  world.registry.intercept = failing('/v2/')
  expect((await world.ask(path)).status).toBe(503)
  world.registry.intercept = undefined
  expect((await world.ask(path)).status).toBe(200)
})

test.for<[string, number, number, string]>([
  ['429', 429, 429, 'TOOMANYREQUESTS'],
  ['503', 503, 503, 'UNAVAILABLE'],
  ['403, as GHCR’s does of what is not there', 403, 403, 'DENIED'],
  ['a redirect, which is not followed', 302, 503, 'UNAVAILABLE'],
])('a token server that says %s is passed on', async ([, said, status, code]) => {
  const world = await startWorld({})
  const headers = { 'retry-after': '7', location: 'http://127.0.0.1:1/' }
  world.registry.intercept = ({ url }) =>
    url.includes('/token') ? new Response('', { status: said, headers }) : undefined
  const answer = await world.ask(path)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('retry-after')).toBe(status === 403 ? null : '7')
  expect(await errorOf(answer)).toMatchObject({ code })
})

test.for<[string, () => Response]>([
  ['no JSON', () => new Response('<secret>')],
  ['JSON that is no object', () => new Response('null')],
  ['no token', () => Response.json({ token: '' })],
  ['a token that no header can hold', () => Response.json({ token: 'secret\r\nx: y' })],
  ['without end', () => new Response(new Uint8Array(2 ** 20 + 1))],
])('a token server that answers %s gives no token, and none of it is told', async ([, said]) => {
  const world = await startWorld({})
  world.registry.intercept = ({ url }) => (url.includes('/token') ? said() : undefined)
  const answer = await world.ask(path)
  expect(answer.status).toBe(503)
  expect(await answer.text()).not.toContain('secret')
  expect(world.events[0]!.error).toBeDefined()
  expect(world.events[0]!.error).not.toContain('secret')
})

test('a token may be called access_token, and lives for a minute where nothing is said', async () => {
  const { fetch, sent } = stubFetch((request) => {
    if (request.url.startsWith('https://auth.example/')) return Response.json({ access_token: 'x' })
    return request.headers['authorization'] === 'Bearer x'
      ? new Response('{}')
      : unauthorized('https://auth.example/token')
  })
  const { ask, clock } = createRelayApp('https://registry.example', { fetch })
  for (const [ms, tokens] of [
    [0, 1],
    [47_999, 1],
    [48_000, 2],
  ] as const) {
    clock.ms = 1_000_000 + ms
    expect((await ask(path)).status).toBe(200)
    expect(sent.filter(({ url }) => url.startsWith('https://auth'))).toHaveLength(tokens)
  }
})

test.for<[string, string, readonly string[], boolean]>([
  ['another host', 'https://auth.example/token', [], true],
  ['plain http', 'http://auth.example/token', [], false],
  ['a private network', 'https://192.168.0.1/token', [], false],
  ['this machine', 'https://localhost:5001/token', [], false],
  ['this machine, which is named', 'https://localhost:5001/token', ['localhost'], true],
  ['a port that is named', 'https://localhost:5001/token', ['localhost:5001'], true],
  ['another port', 'https://localhost:5001/token', ['localhost:5002'], false],
  ['an address with a user', 'https://a:secret@auth.example/token', [], false],
  ['nowhere', 'token', [], false],
])('a realm at %s: asked or not', async ([, realm, realms, isAsked]) => {
  const answerTo = ({ url, headers }: SentRequest) => {
    if (!url.startsWith('https://registry.example/')) return Response.json({ token: 'x' })
    return 'authorization' in headers ? new Response('{}') : unauthorized(realm)
  }
  const { fetch, sent } = stubFetch(answerTo)
  const { ask, events } = createRelayApp('https://registry.example', { fetch, realms })
  expect((await ask(path)).status).toBe(isAsked ? 200 : 404)
  expect(sent.some(({ url }) => !url.startsWith('https://registry.example/'))).toBe(isAsked)
  if (isAsked) return
  expect(events[0]!.error).toMatch(/for its tokens wanted an https address/)
  expect(events[0]!.error).not.toContain('secret')
})

test('what another host wants, to which the upstream sends us, it does not get', async () => {
  const { fetch, sent } = stubFetch(({ url }) =>
    url.startsWith('https://registry.example/')
      ? new Response(null, { status: 307, headers: { location: 'https://other.example/v2/x' } })
      : unauthorized('https://auth.other.example/token'),
  )
  const { ask } = createRelayApp('https://registry.example', { fetch })
  expect((await ask(path)).status).toBe(404)
  expect(sent.map(({ url }) => new URL(url).host)).toEqual(['registry.example', 'other.example'])
})

test('no event holds a token or a password, whatever goes wrong', async () => {
  const world = await startWorld(
    { anonymous: false, users: { me: latin1(me.password) } },
    { credentials: me },
  )
  await world.ask(path)
  const token = world.registry.requests
    .map(({ headers }) => headers['authorization'] ?? '')
    .find((each) => each.startsWith('Bearer '))!
    .slice('Bearer '.length)
  for (const status of [400, 401, 403, 404, 429, 500, 302]) {
    world.registry.intercept = () =>
      new Response(`{"errors":[{"message":"x"}]}`, { status, headers: { location: '/v2/loop' } })
    world.clock.ms += 1000
    await world.ask(path)
    await world.ask('/v2/app/tags/list')
  }
  const told = JSON.stringify(world.events)
  expect(world.events.length).toBeGreaterThan(10)
  expect(told).not.toContain(token)
  expect(told).not.toContain('se:cret')
})

async function startWorld(auth: RegistryAuth, changes: RelayChanges = {}): Promise<RelayWorld> {
  const world = await startRelayWorld(() => ({ auth }), changes)
  push(world.registry, 'prod/app', image, '1.0')
  return world
}

/** The scopes that the token server was asked for. */
function tokensAsked({ registry }: RelayWorld): readonly (string | null)[] {
  return registry.requests
    .filter(({ path: to }) => to.startsWith('/token'))
    .map(({ path: to }) => new URL(to, 'http://x').searchParams.get('scope'))
}

/** How many requests to the registry itself came with nothing. */
function withoutToken({ registry }: RelayWorld): number {
  return registry.requests.filter(
    ({ path: to, headers }) => to.startsWith('/v2/') && !('authorization' in headers),
  ).length
}

function failing(start: string) {
  return ({ url }: Request) =>
    new URL(url).pathname.startsWith(start) ? registryError('UNAVAILABLE', 'not now') : undefined
}

/** The registry takes no token, and says where to get one. */
function refusing(world: RelayWorld) {
  const headers = { 'WWW-Authenticate': challenge(`${world.url}/token`) }
  return ({ url }: Request) =>
    url.includes('/token') ? undefined : registryError('UNAUTHORIZED', 'no', headers)
}

function challenge(realm: string): string {
  return `Bearer realm="${realm}",service="registry.test",scope="repository:prod/app:pull"`
}

function unauthorized(realm: string): Response {
  return new Response('', { status: 401, headers: { 'www-authenticate': challenge(realm) } })
}

/** The embedded registry decodes a password as `atob` does: a character for each byte of UTF-8. */
function latin1(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}
