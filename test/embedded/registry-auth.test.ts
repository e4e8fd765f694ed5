import { expect, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import type { RegistryAuth } from '../../src/embedded/registry-auth.ts'
import { createRegistry } from '../../src/embedded/registry.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })
const host = 'http://registry.test'

function createAsking(auth: RegistryAuth) {
  const registry = createRegistry({ auth })
  for (const name of ['app', 'other']) push(registry, name, image, '1')
  const ask = (path: string, init: RequestInit = {}) =>
    registry.fetch(new Request(`${host}${path}`, init))
  const withToken = (path: string, token: string) =>
    ask(path, { headers: { authorization: `Bearer ${token}` } })
  return { ask, withToken }
}

async function tokenOf(answer: Response): Promise<string> {
  const { token, access_token: access } = (await answer.json()) as Record<string, string>
  return token ?? access!
}

const basic = (text: string) => ({ headers: { authorization: `Basic ${btoa(text)}` } })
const tokenPath = '/token?service=registry.test&scope=repository:app:pull'

test('who has no token is told where to get one, and for what', async () => {
  const { ask } = createAsking({})
  const answer = await ask('/v2/app/manifests/1')
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="${host}/token",service="registry.test",scope="repository:app:pull"`,
  )
  expect((await ask('/v2/')).headers.get('www-authenticate')).not.toContain('scope')
  expect((await ask('/v2/_catalog')).headers.get('www-authenticate')).toContain(
    'registry:catalog:*',
  )
})

test('a token is for its scope alone, and for its time', async () => {
  let nowMs = 0
  const { ask, withToken } = createAsking({ expiresInSeconds: 60, now: () => nowMs })
  const token = await tokenOf(await ask(tokenPath))
  expect((await withToken('/v2/app/manifests/1', token)).status).toBe(200)
  expect((await withToken('/v2/', token)).status).toBe(200)
  expect((await withToken('/v2/other/manifests/1', token)).status).toBe(401)
  expect((await withToken('/v2/app/manifests/1', 'made up')).status).toBe(401)
  nowMs = 60_000
  expect((await withToken('/v2/app/manifests/1', token)).status).toBe(401)
})

test('a password is right or wrong, and an identity token is one that it knows', async () => {
  const { ask } = createAsking({
    anonymous: false,
    users: { me: 'se:cret' },
    identityTokens: { long: 'me' },
  })
  const post = (token: string) =>
    ask('/token', {
      method: 'POST',
      body: new URLSearchParams({ service: 'registry.test', refresh_token: token }),
    })
  const answers = [
    await ask(tokenPath, basic('me:se:cret')),
    await ask(tokenPath, basic('me:other')),
    await ask(tokenPath, basic('nobody:undefined')),
    await ask(tokenPath),
    await ask('/token?service=other', basic('me:se:cret')),
    await post('long'),
    await post('short'),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 401, 401, 200, 401])
})

test('with basic auth the password is the way in', async () => {
  const { ask } = createAsking({ scheme: 'basic', users: { me: 'se:cret' } })
  const refused = await ask('/v2/app/manifests/1')
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="registry"',
  ])
  expect((await ask('/v2/app/manifests/1', basic('me:se:cret'))).status).toBe(200)
})
