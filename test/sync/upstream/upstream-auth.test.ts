import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import { imageOf, push } from '../../../src/embedded/images.ts'
import { observe } from '../../../src/embedded/observe.ts'
import type { RegistryAuth } from '../../../src/embedded/registry-auth.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { createUpstreamClient } from '../../../src/sync/upstream/upstream.ts'
import { createUpstreamDispatcher } from '../../../src/sync/upstream/upstream-dispatcher.ts'
import { checkRealm } from '../../../src/sync/upstream/upstream-token.ts'
import { asked, patience, serve } from '../world.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })
const layer = image.blobs[1]!
const digest = layer.descriptor.digest as Digest
const users = { me: 'se:cret' }
const env = { HUB_USERNAME: 'me', HUB_PASSWORD: 'se:cret' }

function createFilled(auth: RegistryAuth) {
  const registry = createRegistry({ auth })
  for (const name of ['app', 'team/other']) push(registry, name, image, '1.0', '1.1')
  return registry
}

type Asking = {
  readonly credentials?: string
  readonly env?: Record<string, string>
  readonly now?: () => number
}

async function createClient(registry: ReturnType<typeof observe>, asking: Asking = {}) {
  const url = await serve(registry)
  const dispatcher = createUpstreamDispatcher([{ registry: url }])
  onTestFinished(() => dispatcher.destroy())
  const { credentials, env: given = {}, now = Date.now } = asking
  const stop = new AbortController().signal
  const upstream = { registry: url, repositories: '', namespace: '', credentials }
  const client = createUpstreamClient(upstream, { dispatcher, patience, stop, now, env: given })
  return { url, client }
}

const paths = (registry: ReturnType<typeof observe>) =>
  registry.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)

test('without a name a token is asked for when the upstream wants one, and used on', async () => {
  const registry = createFilled({})
  const { client, url } = await createClient(registry)
  expect((await client.listTags('app')).tags).toEqual(['1.0', '1.1'])
  await client.getManifest('app', '1.0')
  await client.headManifest('team/other', '1.0')
  expect(await client.listCatalog()).toEqual(['app', 'team/other'])
  const token = (scope: string) => `GET /token?service=registry.test&scope=${scope}`
  expect(paths(registry)).toEqual([
    'GET /v2/app/tags/list?n=1000',
    token('repository:app:pull'),
    'GET /v2/app/tags/list?n=1000',
    'GET /v2/app/manifests/1.0',
    // By now it is known that a token is wanted, so it is had before.
    token('repository:team/other:pull'),
    'HEAD /v2/team/other/manifests/1.0',
    token('registry:catalog:*'),
    'GET /v2/_catalog?n=1000',
  ])
  expect(client.requests()).toBe(registry.requests.length)
  expect(url).toMatch(/^http:/)
})

test('a registry that wants nothing is asked for no token, and sent no password', async () => {
  const registry = createRegistry()
  push(registry, 'app', image, '1.0')
  const { client } = await createClient(registry, { credentials: 'HUB', env })
  await client.listTags('app')
  expect(paths(registry)).toEqual(['GET /v2/', 'GET /v2/app/tags/list?n=1000'])
  for (const { headers } of registry.requests) expect(headers).not.toHaveProperty('authorization')
})

test('with a password a token is had for it, and the password goes nowhere else', async () => {
  const registry = createFilled({ users, anonymous: false })
  const { client } = await createClient(registry, { credentials: 'HUB', env })
  await client.getManifest('app', '1.0')
  const authorizations = registry.requests.map(({ headers }) => headers['authorization'])
  expect(authorizations).toEqual([
    undefined,
    `Basic ${Buffer.from('me:se:cret').toString('base64')}`,
    expect.stringMatching(/^Bearer /),
  ])
})

test('an upstream that wants the password itself gets it, after it said so', async () => {
  const registry = createFilled({ scheme: 'basic', users })
  const { client } = await createClient(registry, { credentials: 'HUB', env })
  await client.listTags('app')
  await client.getManifest('app', '1.0')
  expect(paths(registry)).toEqual([
    'GET /v2/',
    'GET /v2/app/tags/list?n=1000',
    'GET /v2/app/manifests/1.0',
  ])
})

test('docker’s identity token is changed for a token by POST', async () => {
  const registry = createFilled({ anonymous: false, identityTokens: { long: 'me' } })
  const folder = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { url, client } = await createClient(registry, { env: { DOCKER_CONFIG: folder } })
  const config = { auths: { [new URL(url).host]: { identitytoken: 'long' } } }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  expect((await client.listTags('app')).tags).toContain('1.0')
  expect(paths(registry)).toEqual(['GET /v2/', 'POST /token', 'GET /v2/app/tags/list?n=1000'])
})

test.for<[string, RegistryAuth, Asking, RegExp]>([
  [
    'nobody is let in without a name',
    { anonymous: false },
    {},
    /upstream answered 401 to GET http.*\/token$/,
  ],
  [
    'the password is wanted and there is none',
    { scheme: 'basic', users },
    {},
    /upstream answered 401 to GET .*tags\/list: it wants credentials, and there are none$/,
  ],
  [
    'the password is wrong',
    { scheme: 'basic', users },
    { credentials: 'HUB', env: { ...env, HUB_PASSWORD: 'other' } },
    /upstream answered 401 to GET .*tags\/list with the credentials it has$/,
  ],
  [
    'the password is wrong for a token',
    { users, anonymous: false },
    { credentials: 'HUB', env: { ...env, HUB_PASSWORD: 'other' } },
    /upstream answered 401 to GET http.*\/token$/,
  ],
  [
    'the environment lacks it',
    {},
    { credentials: 'HUB' },
    /^wanted HUB_USERNAME in the environment, got none$/,
  ],
  [
    'the realm has a user in it',
    { realm: 'http://user:hidden@127.0.0.1:1/token' },
    {},
    /^wanted an https address with no user as the realm of .*, got http:\/\/127\.0\.0\.1:1$/,
  ],
  ['the realm is no address', { realm: 'token' }, {}, /, got no address$/],
])('where %s, that is said', async ([, auth, asking, message]) => {
  const registry = createFilled(auth)
  const { client } = await createClient(registry, asking)
  const error = await client.listTags('app').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'UpstreamError', message: expect.stringMatching(message) })
  expect(String(error)).not.toMatch(/hidden|other/)
  expect(registry.requests.length).toBeLessThan(4)
})

test('a token that is refused although it is new is an error, and no loop', async () => {
  const registry = createFilled({})
  registry.intercept = async (request, next) => {
    if (request.url.includes('/token')) return next()
    const challenge = `Bearer realm="${new URL(request.url).origin}/token",service="registry.test"`
    return new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
  }
  const { client } = await createClient(registry)
  for (const wanted of [3, 4]) {
    const error = await client.listTags('app').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 401, retryable: false })
    expect(registry.requests.length).toBe(wanted)
  }
})

test('many who need the same token get one', async () => {
  const registry = createFilled({})
  const { client } = await createClient(registry)
  await client.listTags('team/other')
  const references = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? '1.0' : '1.1'))
  await Promise.all(references.map((reference) => client.headManifest('app', reference)))
  expect(asked(registry, 'GET', '/token').length).toBe(2)
  expect(asked(registry, 'HEAD').length).toBe(40)
})

test('a token is renewed before it ends, so that none comes too late', async () => {
  let nowMs = 1_000_000
  const now = () => nowMs
  const registry = createFilled({ expiresInSeconds: 100, now })
  const { client } = await createClient(registry, { now })
  await client.listTags('app')
  nowMs += 79_000
  await client.listTags('app')
  expect(asked(registry, 'GET', '/token').length).toBe(1)
  nowMs += 2000
  await client.listTags('app')
  expect(asked(registry, 'GET', '/token').length).toBe(2)
  expect(asked(registry, 'GET', '/tags/list').length).toBe(4)
})

test('a token that ended before its time is had anew, once', async () => {
  const now = { ms: 1_000_000 }
  const registry = createFilled({ expiresInSeconds: 3600, now: () => now.ms * 100 })
  const { client } = await createClient(registry, { now: () => now.ms })
  await client.listTags('app')
  now.ms += 60_000
  expect((await client.listTags('app')).tags).toContain('1.0')
  expect(asked(registry, 'GET', '/token').length).toBe(2)
})

test('a scope that is the same for all repositories is learnt', async () => {
  const registry = createFilled({ scope: 'aws' })
  const { client } = await createClient(registry)
  await client.listTags('app')
  registry.requests.length = 0
  await client.listTags('team/other')
  expect(paths(registry)).toEqual([
    'GET /token?service=registry.test&scope=aws',
    'GET /v2/team/other/tags/list?n=1000',
  ])
})

test('the token stays with the upstream, where it redirects to another host', async () => {
  const elsewhere = observe(async () => new Response(Buffer.from(layer.bytes)))
  const elsewhereUrl = await serve(elsewhere)
  const registry = createFilled({})
  registry.intercept = async (request, next) => {
    const answer = await next()
    const isBlob = request.url.includes('/blobs/') && answer.status === 200
    return isBlob ? Response.redirect(`${elsewhereUrl}/signed?secret=1`, 307) : answer
  }
  const { client } = await createClient(registry)
  const { body } = await client.openBlob('app', digest, layer.descriptor.size)
  expect(Buffer.concat(await body.toArray()).equals(layer.bytes)).toBe(true)
  expect(registry.requests.at(-1)!.headers['authorization']).toMatch(/^Bearer /)
  expect(elsewhere.requests[0]!.headers).not.toHaveProperty('authorization')
})

test.for<[string, () => Response, RegExp]>([
  ['no JSON', () => new Response('<html>secret'), /wanted a token from GET .*\/token, got none$/],
  ['no token', () => Response.json({ expires_in: 5 }), /wanted a token from GET/],
  ['one that no header can hold', () => Response.json({ token: 'a\r\nb: c' }), /wanted a token/],
  [
    '503',
    () => new Response('', { status: 503 }),
    /upstream answered 503 to GET .*\/token \(3 tries/,
  ],
])('a realm that gives %s is named', async ([, answer, message]) => {
  const registry = createFilled({})
  registry.intercept = (request) => (request.url.includes('/token') ? answer() : undefined)
  const { client } = await createClient(registry)
  const error = await client.listTags('app').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ message: expect.stringMatching(message) })
  expect(String(error)).not.toContain('secret')
})

test('over https a realm without it is refused', () => {
  expect(() => checkRealm('http://auth.test/token', 'https://a.test')).toThrow(/got http:/)
  expect(() => checkRealm('ftp://auth.test/token', 'http://a.test')).toThrow(/got ftp:/)
  checkRealm('https://auth.test/token', 'http://a.test')
})
