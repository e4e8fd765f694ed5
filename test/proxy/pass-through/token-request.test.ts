import { describe, expect, test } from 'vitest'
import type { PassThroughApp } from './pass-through-world.ts'
import { basicMe, createPassThroughApp, me } from './pass-through-world.ts'
import type { SentRequest } from '../relay/relay-world.ts'
import { errorOf, stubFetch } from '../relay/relay-world.ts'

// What /token asks of whom, before upstreams that are not there.
const hub = { registry: 'https://hub.example', mode: 'relay', clientCredentials: true } as const
const headers = { authorization: basicMe }
const issuedAt = '2026-01-02T03:04:05.678Z'

type Token = Readonly<Record<'token' | 'access_token' | 'issued_at', string>> & {
  readonly expires_in: number
}

test('a token is the upstream’s, in our words', async () => {
  const { app } = serve([hub])
  const answer = await app.ask('/token?service=x&scope=repository:app:pull', { headers })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const body = await answer.text()
  expect(answer.headers.get('content-length')).toBe(String(body.length))
  const wanted = { expires_in: 300, issued_at: issuedAt, token: 'hub', access_token: 'hub' }
  expect(JSON.parse(body)).toEqual(wanted)
  expect(app.events.at(-1)).toMatchObject({ kind: 'token', action: 'token', reason: 'credentials' })
})

test.for<[string, object, string, string]>([
  ['with a namespace', { namespace: 'prod/images' }, 'app', 'prod/images/app'],
  ['with library/', { profile: 'docker-hub' }, 'alpine', 'library/alpine'],
  ['with a prefix', { repositories: 'hub' }, 'hub/app', 'hub/app'],
  ['less a prefix', { repositories: 'hub', dropPrefix: true }, 'hub/app', 'app'],
])('a scope is in the upstream’s names, %s', async ([, upstream, name, wanted]) => {
  const { app, asked } = serve([{ ...hub, ...upstream }])
  await app.ask(`/token?scope=repository:${name}:pull`, { headers })
  expect(asked()).toEqual([`hub repository:${wanted}:pull ${basicMe}`])
})

test('who has no name gets the token of what anyone may have', async () => {
  const { app, asked } = serve([hub])
  expect(await tokenOf(app, 'repository:app:pull', {})).toBe('hub')
  expect(asked()).toEqual(['hub repository:app:pull undefined'])
})

test('what a client wants besides pulling does not go on, nor what it says of itself', async () => {
  const { app, sent } = serve([hub])
  await app.ask(
    '/token?scope=repository:app:push,pull&account=me&offline_token=true&refresh_token=r&client_id=c&service=s',
    { headers: { ...headers, cookie: 'a=b', 'x-forwarded-for': '192.0.2.1' } },
  )
  const { url, headers: got } = sent.at(-1)!
  expect(url).toBe('https://auth.hub.example/token?service=hub&scope=repository%3Aapp%3Apull')
  expect(Object.keys(got).toSorted()).toEqual(['accept', 'authorization', 'user-agent'])
})

test.for(['bearer abc', 'Negotiate abc', 'Bearer anonymous'])(
  'no token server hears of %s',
  async (authorization) => {
    const { app, asked } = serve([hub])
    await tokenOf(app, 'repository:app:pull', { authorization })
    expect(asked()).toEqual(['hub repository:app:pull undefined'])
  },
)

test('a registry that knows one scope alone is asked for that', async () => {
  const { app, asked } = serve([{ ...hub, registry: 'https://aws.example' }])
  await tokenOf(app, 'repository:app:pull')
  expect(asked()).toEqual([`aws aws ${basicMe}`])
})

describe('behind one name with another registry', () => {
  const other = { ...hub, registry: 'https://quay.example', repositories: 'quay' }
  const open = { registry: 'https://open.example', repositories: 'open' }

  test('each is asked for its own, and told nothing of the other’s', async () => {
    const { app, sent, asked } = serve([hub, other, open])
    expect(await tokenOf(app, 'repository:quay/app:pull')).toBe('quay')
    expect(await tokenOf(app, 'repository:app:pull')).toBe('hub')
    expect(asked()).toEqual([
      `quay repository:quay/app:pull ${basicMe}`,
      `hub repository:app:pull ${basicMe}`,
    ])
    expect(sent.some(({ url }) => url.includes('open.example'))).toBe(false)
  })

  test('what anyone may have needs a token of no worth, and nobody is asked for it', async () => {
    const { app, sent } = serve([hub, open])
    expect(await tokenOf(app, 'repository:open/app:pull')).toBe('anonymous')
    expect(sent).toEqual([])
    expect((await app.ask('/v2/open/app/manifests/1', { headers })).status).toBe(307)
  })

  test('what is nobody’s needs none either', async () => {
    const { app } = serve([other])
    expect(await tokenOf(app, 'repository:nobody/app:pull')).toBe('anonymous')
  })

  test('a login is told neither: whose the password is, nobody knows', async () => {
    const { app, asked } = serve([hub, other])
    const answer = await app.ask('/v2/')
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect(await tokenOf(app, undefined)).toBe('anonymous')
    expect((await app.ask('/v2/', { headers: { authorization: 'Bearer x' } })).status).toBe(200)
    expect(asked()).toEqual([])
  })

  test('a login is told the one that there is, under two prefixes or not', async () => {
    const { app, asked } = serve([hub, { ...hub, repositories: 'b', namespace: 'c' }, open])
    expect(await tokenOf(app, undefined)).toBe('hub')
    expect(asked()).toEqual([`hub  ${basicMe}`])
  })

  test('containerd’s own name of a repository is not taken for another’s', async () => {
    const { app, asked } = serve([hub, other])
    const both = 'repository:app:pull&scope=repository:quay/app:pull'
    expect(await tokenOf(app, both)).toBe('quay')
    expect(asked()).toEqual([`quay repository:quay/app:pull ${basicMe}`])
  })

  test('what is the other’s is not asked of it', async () => {
    const { app, asked } = serve([hub, other])
    await tokenOf(app, 'repository:quay/app:pull&scope=repository:team/app2:pull')
    expect(asked()).toEqual([`hub repository:team/app2:pull ${basicMe}`])
  })

  test('one that is down does not keep clients from the other', async () => {
    const down = { ...hub, registry: 'https://down.example', repositories: 'down' }
    const { app } = serve([hub, down])
    expect((await app.ask('/v2/')).status).toBe(401)
    expect(await tokenOf(app, 'repository:app:pull')).toBe('hub')
    expect((await app.ask('/token?scope=repository:down/app:pull')).status).toBe(503)
  })
})

describe('by a name of its own', () => {
  const named = { ...hub, repositories: 'hub', hosts: ['hub.test'], namespace: 'prod' }
  const other = { ...hub, registry: 'https://quay.example', repositories: 'quay' }

  test('a registry is asked for what its clients ask for there', async () => {
    const { app, asked } = serve([named, other])
    const first = await app.ask('/v2/', {}, 'http://hub.test')
    expect(first.headers.get('www-authenticate')).toContain('realm="https://hub.test/token"')
    const target = '/token?scope=repository:app:pull'
    await app.ask(target, { headers }, 'https://hub.test')
    expect(asked()).toEqual([`hub repository:prod/app:pull ${basicMe}`])
  })

  test('containerd’s name of the registry goes through its challenge to the token', async () => {
    const { app, asked } = serve([named, other])
    const answer = await app.ask('/v2/app/manifests/1?ns=hub.test')
    expect(answer.headers.get('www-authenticate')).toContain(
      'realm="http://nearport.localhost:8080/token?ns=hub.test"',
    )
    await app.ask('/token?ns=hub.test&scope=repository:app:pull', { headers })
    expect(asked()).toEqual([`hub repository:prod/app:pull ${basicMe}`])
  })
})

test.for<[string, number, number, string, string | null]>([
  ['who it does not know is', 401, 401, 'UNAUTHORIZED', null],
  ['who may not is', 403, 403, 'DENIED', null],
  ['what it cannot read is', 400, 403, 'DENIED', null],
  ['who asks too often is told when to come again,', 429, 429, 'TOOMANYREQUESTS', '7'],
  ['who comes when it is not well is', 500, 503, 'UNAVAILABLE', '7'],
  ['who is sent elsewhere is', 302, 503, 'UNAVAILABLE', '7'],
])('%s after %s: %s', async ([, said, status, code, retryAfter]) => {
  const { app } = serve([hub], () => {
    return new Response(`a secret: ${basicMe}`, {
      status: said,
      headers: { 'retry-after': '7', location: 'https://evil.example/' },
    })
  })
  const answer = await app.ask('/token?scope=repository:app:pull', { headers })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('retry-after')).toBe(retryAfter)
  expect(await errorOf(answer)).toMatchObject({ code })
  expect(JSON.stringify(app.events)).not.toContain('secret')
})

test.for<[string, unknown]>([
  ['no token', {}],
  ['a token that would break a header', { token: 'a\r\nX-Evil: b' }],
  ['no JSON', undefined],
])('%s is no answer of a token server', async ([, body]) => {
  const { app } = serve([hub], () => new Response(JSON.stringify(body)))
  const answer = await app.ask('/token?scope=repository:app:pull', { headers })
  expect(answer.status).toBe(503)
  expect(app.events.at(-1)!.error).toMatch(/wanted a token from https:\/\/auth.hub.example\/token/)
})

describe('what an upstream says on a manifest', () => {
  const target = '/v2/app/manifests/1'
  const challengeOf = async (say: (sent: SentRequest) => Response, sentHeaders = {}) => {
    const { fetch, sent } = stubFetch(say)
    const app = createPassThroughApp([hub], { fetch })
    const answer = await app.ask(target, { headers: sentHeaders })
    return { answer, sent, said: answer.headers.get('www-authenticate') }
  }

  test('is not passed on but in words that are known', async () => {
    const realm = 'Bearer realm="https://auth.hub.example/token"'
    const { said } = await challengeOf(() => challenge(`${realm},error="x\\",realm=\\"evil"`))
    expect(said).toBe(
      'Bearer realm="http://nearport.localhost:8080/token",service="nearport.localhost:8080",' +
        'scope="repository:app:pull"',
    )
  })

  test('is not the client’s to answer where another host said it', async () => {
    const { answer, sent, said } = await challengeOf(
      ({ url }) =>
        url.startsWith('https://hub.example')
          ? new Response(null, { status: 307, headers: { location: 'https://other.example/v2/x' } })
          : challenge('Bearer realm="https://other.example/token"'),
      { authorization: 'Bearer mine' },
    )
    expect([answer.status, said]).toEqual([404, null])
    expect(sent.map((each) => each.headers['authorization'])).toEqual(['Bearer mine', undefined])
  })

  test('is said to nobody who comes with a token of no worth', async () => {
    const authorization = 'Bearer anonymous'
    const { sent } = await challengeOf(() => challenge('Basic realm="x"'), { authorization })
    expect(sent.map((each) => each.headers['authorization'])).toEqual([undefined])
  })
})

test.for([
  ['a private address', 'https://169.254.169.254/latest', {}],
  ['a name of this network', 'https://metadata.internal/token', {}],
  ['plain text', 'http://auth.hub.example/token', {}],
  ['a user in it', 'https://a:b@auth.hub.example/token', {}],
  ['nothing', 'not an address', {}],
])('a realm that is %s gets no password', async ([, realm]) => {
  const { fetch, sent } = stubFetch(() => challenge(`Bearer realm="${realm as string}"`))
  const app = createPassThroughApp([hub], { fetch })
  for (const target of ['/v2/', '/token?scope=repository:app:pull', '/v2/app/manifests/1']) {
    const answer = await app.ask(target, { headers })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('www-authenticate')).toBeNull()
  }
  expect(new Set(sent.map(({ url }) => new URL(url).host))).toEqual(new Set(['hub.example']))
  expect(app.events.at(-1)!.error).toContain('for its tokens wanted an https address')
})

test.for([
  ['another host', 'repository:evil.example:5000/app:pull'],
  ['a way out of the namespace', 'repository:../private:pull'],
  ['a second scope', 'repository:a:pull,repository:b:pull'],
  ['a header', 'repository:a%0d%0aX-Evil:b:pull'],
])('a scope with %s goes nowhere', async ([, scope]) => {
  const { app, sent } = serve([{ ...hub, namespace: 'prod' }])
  const answer = await app.ask(`/token?scope=${scope}`, { headers })
  expect(answer.status).toBe(400)
  expect(await errorOf(answer)).toMatchObject({ code: 'NAME_INVALID' })
  expect(sent).toEqual([])
})

test('a token is asked for with GET: containerd and docker come again so', async () => {
  const { app, sent } = serve([hub])
  const body = new URLSearchParams({
    grant_type: 'password',
    username: 'me',
    password: me.password,
  })
  const answer = await app.ask('/token', { method: 'POST', body })
  expect(answer.status).toBe(405)
  expect(await errorOf(answer)).toMatchObject({ code: 'UNSUPPORTED' })
  expect(sent).toEqual([])
  const head = await app.ask('/token?scope=repository:app:pull', { method: 'HEAD', headers })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('where no upstream knows its clients there are no tokens', async () => {
  const { app, sent } = serve([{ registry: 'https://hub.example', mode: 'relay' }])
  const answer = await app.ask('/token?scope=repository:app:pull', { headers })
  expect(answer.status).toBe(404)
  expect((await app.ask('/v2/', { headers })).status).toBe(200)
  expect(sent).toEqual([])
})

test('an upstream that is nearport itself is found out', async () => {
  const { fetch, sent } = stubFetch(async ({ url, headers: got }) =>
    app.ask(new URL(url).pathname, { headers: got }),
  )
  const app: PassThroughApp = createPassThroughApp([hub], { fetch })
  expect((await app.ask('/v2/')).status).toBe(503)
  expect(sent).toHaveLength(1)
  expect(app.events[0]).toMatchObject({ status: 404, error: expect.stringContaining('back here') })
})

test('whoever comes beyond what may be under way may come again', async () => {
  const never = Promise.withResolvers<Response>()
  const { fetch } = stubFetch(() => never.promise)
  const app = createPassThroughApp([hub], { fetch, atOnce: 1 })
  const first = app.ask('/v2/')
  expect((await app.ask('/token?scope=repository:app:pull')).status).toBe(503)
  expect(app.events[0]!.error).toBe('1 tokens are under way')
  never.resolve(new Response('{}'))
  expect((await first).status).toBe(200)
  expect((await app.ask('/v2/')).status).toBe(200)
})

/** nearport before `hub.example`, `quay.example`, `aws.example`; all others do not answer. */
function serve(
  upstreams: readonly object[],
  tokenServer: (service: string) => Response = (service) =>
    Response.json({ token: service, expires_in: 300, issued_at: issuedAt }),
) {
  const { fetch, sent } = stubFetch(({ url }) => {
    const { hostname, pathname } = new URL(url)
    const [, name = ''] = /^(?:auth\.)?(hub|quay|aws)\.example$/.exec(hostname) ?? []
    if (hostname.startsWith('auth.')) return tokenServer(name)
    if (name === '') throw new TypeError('fetch failed')
    const scope = name === 'aws' ? ',scope="aws"' : ''
    const realm = `https://auth.${hostname}/token`
    expect(pathname).toMatch(/^\/v2\//)
    return challenge(`Bearer realm="${realm}",service="${name}"${scope}`)
  })
  const app = createPassThroughApp(upstreams, { fetch })
  return { app, sent, asked: () => sent.flatMap(tokenAsked) }
}

function tokenAsked({ url, headers: got }: SentRequest): readonly string[] {
  const { pathname, searchParams } = new URL(url)
  if (pathname !== '/token') return []
  const scopes = searchParams.getAll('scope').join()
  return [`${searchParams.get('service')} ${scopes} ${got['authorization']}`]
}

async function tokenOf(
  { ask }: PassThroughApp,
  scope: string | undefined,
  sent: Readonly<Record<string, string>> = headers,
): Promise<string> {
  const query = scope === undefined ? '' : `?scope=${scope}`
  const answer = await ask(`/token${query}`, { headers: sent })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as Token).token
}

function challenge(text: string): Response {
  return new Response(null, { status: 401, headers: { 'www-authenticate': text } })
}
