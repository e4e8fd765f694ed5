import { describe, expect, test } from 'vitest'
import {
  blob,
  basicMe,
  host,
  image,
  me,
  mirrorUrl,
  pullAs,
  startPassThroughWorld,
} from './pass-through-world.ts'
import type { PassThroughWorld } from './pass-through-world.ts'
import { errorOf } from '../relay/relay-world.ts'

const atMirror = `${mirrorUrl}/containers/images/${blob.digest}`

test('the image that anyone may read is pulled with no name, its blobs from the mirror', async () => {
  const world = await startPassThroughWorld()
  const manifest = await pullAs(undefined, '/v2/public/app/manifests/1.0', world)
  expect(manifest.status).toBe(200)
  expect(manifest.headers.get('docker-content-digest')).toBe(image.descriptor.digest)
  const answer = await world.ask(`/v2/public/app/blobs/${blob.digest}`)
  expect(answer.headers.get('location')).toBe(atMirror)
  expect(world.events.at(-1)).toMatchObject({ action: 'mirror', reason: 'elsewhere' })
  // A byte was read where the blob is, by nobody.
  expect(world.atCdn().map(({ headers }) => headers['authorization'])).toEqual([undefined])
})

test('the image that is not for anyone is pulled by who may, and no blob of it from a mirror', async () => {
  const world = await startPassThroughWorld()
  const manifest = await pullAs(basicMe, '/v2/private/app/manifests/1.0', world)
  expect(manifest.status).toBe(200)
  for (const { descriptor } of image.blobs) {
    const target = `/v2/private/app/blobs/${descriptor.digest}`
    const answer = await pullAs(basicMe, target, world)
    expect(answer.status).toBe(307)
    expect(answer.headers.get('x-nearport-reason')).toBe('credentials')
    expect(answer.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/signed\//)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
  const tags = await pullAs(basicMe, '/v2/private/app/tags/list', world)
  expect(await tags.json()).toEqual({ name: 'private/app', tags: ['1.0'] })
})

test.for([
  ['no name', undefined, 401],
  ['another’s password', `Basic ${btoa('me:wrong')}`, 401],
] as const)('the image that is not for anyone is not for %s', async ([, authorization, status]) => {
  const world = await startPassThroughWorld({ sizeBytes: blob.size })
  for (const [target, method] of [
    ['/v2/private/app/manifests/1.0', 'GET'],
    ['/v2/private/app/tags/list', 'GET'],
    [`/v2/private/app/blobs/${blob.digest}`, 'GET'],
    [`/v2/private/app/blobs/${blob.digest}`, 'HEAD'],
  ] as const) {
    const answer = await pullAs(authorization, target, world, { method })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('location')).toBeNull()
    if (method === 'GET') expect(await errorOf(answer)).toMatchObject({ code: 'UNAUTHORIZED' })
  }
})

test('the password is told the token server, the token the registry, and neither anyone else', async () => {
  const world = await startPassThroughWorld({ quirks: { signed: { at: () => other.url } } })
  const other = await startPassThroughWorld()
  for (const repository of ['private/app', 'public/app']) {
    for (const method of ['GET', 'HEAD']) {
      for (const rest of ['manifests/1.0', 'tags/list', `blobs/${blob.digest}`]) {
        await pullAs(basicMe, `/v2/${repository}/${rest}`, world, { method })
      }
    }
  }
  expect(other.registry.requests.length).toBeGreaterThan(0)
  for (const { headers } of other.registry.requests)
    expect(headers['authorization']).toBeUndefined()
  for (const { path, headers } of world.registry.requests) {
    const { authorization } = headers
    if (authorization === undefined) continue
    expect(authorization).toMatch(path.startsWith('/token') ? /^Basic / : /^Bearer /)
  }
  const said = JSON.stringify(world.events)
  for (const secret of [me.password, basicMe, 'Bearer', 'Basic', '"me"', 'signature']) {
    expect(said).not.toContain(secret)
  }
})

test('who has the token of what anyone may have is still not sent to a mirror for what is closed', async () => {
  const world = await startPassThroughWorld()
  await world.ask(`/v2/public/app/blobs/${blob.digest}`)
  const answer = await pullAs(undefined, `/v2/private/app/blobs/${blob.digest}`, world)
  expect(answer.status).toBe(401)
})

test('a mirror is asked for what anyone may read, and not for what is closed', async () => {
  let asked = 0
  const askMirror = async () => {
    asked++
    return 'present' as const
  }
  const world = await startPassThroughWorld({ askMirror })
  const open = await world.ask(`/v2/public/app/blobs/${blob.digest}`)
  expect(open.headers.get('location')).toBe(atMirror)
  expect(asked).toBe(1)
  const closed = await pullAs(basicMe, `/v2/private/app/blobs/${blob.digest}`, world)
  expect(closed.headers.get('x-nearport-reason')).toBe('credentials')
  expect(asked).toBe(1)
})

describe('a size', () => {
  const head = { method: 'HEAD' }

  test('of what anyone may read is told from here', async () => {
    const world = await startPassThroughWorld({ sizeBytes: blob.size })
    const answer = await world.ask(`/v2/public/app/blobs/${blob.digest}`, head)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-nearport-reason')).toBe('known-size')
  })

  test('of what is closed is the upstream’s to tell', async () => {
    const world = await startPassThroughWorld({ sizeBytes: 99 })
    const answer = await pullAs(basicMe, `/v2/private/app/blobs/${blob.digest}`, world, head)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-length')).toBe(String(blob.size))
    expect(answer.headers.get('x-nearport-reason')).toBe('credentials')
  })
})

test('a registry with passwords and no tokens is told the password, and nobody else is', async () => {
  const auth = { scheme: 'basic' as const }
  const world = await startPassThroughWorld({ auth })
  const first = await world.ask('/v2/')
  expect(first.status).toBe(401)
  expect(first.headers.get('www-authenticate')).toBe('Basic realm="nearport"')
  const headers = { authorization: basicMe }
  expect((await world.ask('/v2/', { headers })).status).toBe(200)
  const wrong = { authorization: `Basic ${btoa('me:wrong')}` }
  expect((await world.ask('/v2/', { headers: wrong })).status).toBe(401)

  const manifest = await pullAs(basicMe, '/v2/private/app/manifests/1.0', world)
  expect(manifest.status).toBe(200)
  // Without a password nobody may read there, whatever its name.
  const answer = await pullAs(basicMe, `/v2/public/app/blobs/${blob.digest}`, world)
  expect(answer.headers.get('x-nearport-reason')).toBe('credentials')
  expect(answer.status).toBe(307)
  expect(world.atCdn()).toEqual([])
  const token = await world.ask('/token?scope=repository:private/app:pull', { headers })
  expect(token.status).toBe(400)
})

test('a challenge says what was wrong with a token, and what for another is wanted', async () => {
  const world = await startPassThroughWorld()
  const headers = { authorization: 'Bearer nonsense' }
  const answer = await world.ask('/v2/private/app/manifests/1.0', { headers })
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="${host}/token",service="nearport.localhost:8080",` +
      'scope="repository:private/app:pull",error="invalid_token"',
  )
  expect(answer.headers.get('cache-control')).toBe('no-store')
  // It is no fault of anybody's.
  expect(world.events.at(-1)).toMatchObject({ status: 401, reason: 'manifest' })
  expect(world.events.at(-1)!.error).toBeUndefined()
})

test('who is logged in may ask /v2/, and who has another token may not', async () => {
  const world = await startPassThroughWorld()
  const challenged = await world.ask('/v2/')
  expect(challenged.headers.get('www-authenticate')).toBe(
    `Bearer realm="${host}/token",service="nearport.localhost:8080"`,
  )
  expect(challenged.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  const login = await world.ask('/token?account=me&service=x', {
    headers: { authorization: basicMe },
  })
  const { token } = (await login.json()) as { token: string }
  const withToken = async (text: string, method = 'GET') =>
    (await world.ask('/v2/', { method, headers: { authorization: `Bearer ${text}` } })).status
  expect(await withToken(token)).toBe(200)
  expect(await withToken(token, 'HEAD')).toBe(200)
  expect(await withToken('nonsense')).toBe(401)
  expect(world.events.at(-1)).toMatchObject({ kind: 'version', status: 401, reason: 'version' })
})

test('a registry that is open to all at /v2/ wants nothing there', async () => {
  const world = await startPassThroughWorld()
  world.registry.intercept = ({ url }) =>
    url.endsWith('/v2/') ? new Response('{}', { status: 200 }) : undefined
  const answer = await world.ask('/v2/')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('www-authenticate')).toBeNull()
  // It learns from the first who is refused something.
  const manifest = await pullAs(basicMe, '/v2/private/app/manifests/1.0', world)
  expect(manifest.status).toBe(200)
})

test.for<[string, (world: PassThroughWorld) => void]>([
  ['is down', ({ registry }) => (registry.intercept = () => new Response(null, { status: 502 }))],
  [
    'is no registry',
    ({ registry }) => (registry.intercept = () => new Response(null, { status: 404 })),
  ],
  [
    'wants what nobody knows',
    ({ registry }) =>
      (registry.intercept = () =>
        new Response(null, { status: 401, headers: { 'www-authenticate': 'Negotiate' } })),
  ],
])('an upstream that %s is a 503, and an error', async ([, breakIt]) => {
  const world = await startPassThroughWorld()
  breakIt(world)
  for (const target of ['/v2/', '/token?scope=repository:private/app:pull']) {
    const answer = await world.ask(target)
    expect(answer.status).toBe(503)
    expect(await errorOf(answer)).toMatchObject({ code: 'UNAVAILABLE' })
    expect(world.events.at(-1)!.error).toContain(world.url)
  }
})
