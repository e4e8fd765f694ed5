import { describe, expect, test } from 'vitest'
import { findOurAddress } from '../../../src/proxy/pass-through/our-address.ts'
import { createPassThroughApp } from './pass-through-world.ts'
import { errorOf, stubFetch } from '../relay/relay-world.ts'

type Row = [
  string,
  string,
  { proto?: string; publicUrl?: string; names?: string[] },
  string,
  boolean,
]

test.for<Row>([
  ['HTTPS', 'https://r.example/v2/', {}, 'https://r.example', true],
  ['a port', 'https://r.example:8443/v2/', {}, 'https://r.example:8443', true],
  ['plain HTTP to a public name', 'http://r.example/v2/', {}, 'https://r.example', false],
  ['plain HTTP to loopback', 'http://127.0.0.1:8080/v2/', {}, 'http://127.0.0.1:8080', true],
  ['plain HTTP to IPv6 loopback', 'http://[::1]:8080/v2/', {}, 'http://[::1]:8080', true],
  ['plain HTTP in a private network', 'http://10.0.0.7/v2/', {}, 'http://10.0.0.7', true],
  ['plain HTTP to a name of one label', 'http://nearport/v2/', {}, 'http://nearport', true],
  [
    'TLS that ends before us',
    'http://r.example/v2/',
    { proto: 'https' },
    'https://r.example',
    true,
  ],
  ['several of those', 'http://r.example/', { proto: 'HTTPS, http' }, 'https://r.example', true],
  [
    'a proxy that says it was plain',
    'http://r.example/',
    { proto: 'http' },
    'https://r.example',
    false,
  ],
  [
    'a word that is not https',
    'http://r.example/',
    { proto: 'httpsx' },
    'https://r.example',
    false,
  ],
  [
    'TLS that ends before us, privately',
    'http://10.0.0.7/',
    { proto: 'https' },
    'https://10.0.0.7',
    true,
  ],
  [
    'a configured address',
    'http://10.0.0.7/',
    { publicUrl: 'https://r.example' },
    'https://r.example',
    true,
  ],
  [
    'a configured private one',
    'http://a/',
    { publicUrl: 'http://10.0.0.7:80' },
    'http://10.0.0.7',
    true,
  ],
  [
    'a name of an upstream’s own, above a configured address',
    'http://hub.test:81/',
    { publicUrl: 'https://r.example', names: ['hub.test'] },
    'https://hub.test:81',
    true,
  ],
  [
    'such a name, and a configured address without TLS',
    'http://hub.example/',
    { publicUrl: 'http://10.0.0.7', names: ['hub.example'] },
    'https://hub.example',
    false,
  ],
])('after %s', ([, url, { proto, publicUrl, names = [] }, wanted, isSafe]) => {
  const headers = new Headers(proto === undefined ? {} : { 'x-forwarded-proto': proto })
  const ours = findOurAddress({ url, headers }, publicUrl, names)
  expect(ours).toMatchObject({ url: wanted, isSafe })
})

// What URL takes for a host and would end a quoted text in a header.
const hostile = [
  'http://a"b.example/v2/',
  'http://a",scope="x/v2/',
  'http://a;b/v2/',
  "http://a'b/v2/",
]

test.for(hostile)('a Host as in %s is none', (url) => {
  expect(findOurAddress({ url, headers: new Headers() }, undefined, [])).toBeUndefined()
})

describe('whoever is asked for a password', () => {
  const hub = { registry: 'https://hub.example', mode: 'relay', clientCredentials: true }
  const { fetch } = stubFetch(
    () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
  )

  test.for(['/v2/', '/v2/app/manifests/1'])(
    'is asked so by %s over HTTPS alone',
    async (target) => {
      const app = createPassThroughApp([hub], { fetch })
      const plain = await app.ask(target, {}, 'http://r.example')
      expect(plain.status).toBe(403)
      expect(plain.headers.get('www-authenticate')).toBeNull()
      expect(await errorOf(plain)).toMatchObject({ code: 'DENIED' })
      const safe = await app.ask(target, {}, 'https://r.example')
      expect(safe.headers.get('www-authenticate')).toBe('Basic realm="nearport"')
    },
  )

  test.for(hostile)('has no quotes in its Host: %s', async (url) => {
    const app = createPassThroughApp([hub], { fetch })
    for (const target of ['/v2/', '/token', '/v2/app/manifests/1']) {
      const answer = await app.ask(target, {}, url.replace(/\/v2\/$/, ''))
      expect(answer.status).toBe(400)
      expect(answer.headers.get('www-authenticate')).toBeNull()
    }
  })
})
