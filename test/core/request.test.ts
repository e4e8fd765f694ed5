import { expect, test } from 'vitest'
import type { RegistryRequest } from '../../src/core/request.ts'
import { nsOf, parseRequest } from '../../src/core/request.ts'

const hex = 'b'.repeat(64)
const digest = `sha256:${hex}`

test.for<[string, string, Partial<RegistryRequest>]>([
  ['the base of the API', '/v2/', { kind: 'version' }],
  ['the base of the API without its slash', '/v2', { kind: 'version' }],
  [
    'a token',
    '/token?ns=docker.io&scope=repository:app:pull',
    { kind: 'token', query: '?scope=repository:app:pull', ns: 'docker.io' },
  ],
  ['a token for nothing', '/token', { kind: 'token', query: '' }],
  ['a blob', `/v2/app/blobs/${digest}`, blob('app')],
  ['a blob in a repository of many segments', `/v2/a/b-c/d__e/blobs/${digest}`, blob('a/b-c/d__e')],
  ['a colon that came encoded', `/v2/app/blobs/sha256%3A${hex}`, blob('app')],
  ['a repository that ends in blobs', `/v2/app/blobs/blobs/${digest}`, blob('app/blobs')],
  [
    'a digest that is not mirrored',
    `/v2/app/blobs/sha512:${hex}${hex}`,
    { kind: 'blob', mirrorable: undefined, digest: `sha512:${hex}${hex}` },
  ],
  ['a tag', '/v2/app/manifests/1.0', { kind: 'manifest', repository: 'app', reference: '1.0' }],
  [
    'a tag called list',
    '/v2/app/tags/manifests/list',
    { kind: 'manifest', repository: 'app/tags' },
  ],
  ['a manifest by digest', `/v2/app/manifests/${digest}`, { kind: 'manifest', reference: digest }],
  ['tags', '/v2/app/tags/list?n=2&last=a', { kind: 'tags', query: '?n=2&last=a' }],
  ['referrers', `/v2/app/referrers/${digest}`, { kind: 'referrers', digest }],
])('%s is understood', ([, target, wanted]) => {
  expect(parseRequest('GET', target)).toMatchObject(wanted)
})

test.for<[string, string, number, string]>([
  [
    'a tag that could never be one is unknown, not invalid',
    '/v2/app/manifests/.bad',
    404,
    'MANIFEST_UNKNOWN',
  ],
  [
    'a digest that is none is an unknown manifest',
    '/v2/app/manifests/sha256:bad',
    404,
    'MANIFEST_UNKNOWN',
  ],
  [
    'an encoded slash in a reference makes no manifest',
    '/v2/app/manifests/a%2Fb',
    404,
    'MANIFEST_UNKNOWN',
  ],
  ['broken encoding makes no manifest', '/v2/app/manifests/%ff', 404, 'MANIFEST_UNKNOWN'],
  ['an empty reference is an unknown manifest', '/v2/app/manifests/', 404, 'MANIFEST_UNKNOWN'],
  ['a blob needs a digest', '/v2/app/blobs/latest', 400, 'DIGEST_INVALID'],
  ['a blob needs a whole digest', '/v2/app/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
  ['referrers need a digest', '/v2/app/referrers/latest', 400, 'DIGEST_INVALID'],
  ['upper case is no name', '/v2/App/manifests/1', 400, 'NAME_INVALID'],
  ['a name has no dots alone', '/v2/../manifests/1', 400, 'NAME_INVALID'],
  ['a name has no empty segment', '/v2/a//b/manifests/1', 400, 'NAME_INVALID'],
  [
    'a name has no more than 255 characters',
    `/v2/${'a'.repeat(256)}/manifests/1`,
    400,
    'NAME_INVALID',
  ],
  ['an encoded slash is refused', '/v2/a%2Fb/tags/list', 400, 'NAME_INVALID'],
  ['an encoded backslash is refused', '/v2/a%5cb/tags/list', 400, 'NAME_INVALID'],
  ['what is encoded twice is refused', '/v2/a%252fb/tags/list', 400, 'NAME_INVALID'],
  ['an encoded line feed is refused', '/v2/a%0ab/tags/list', 400, 'NAME_INVALID'],
  ['broken encoding is refused', '/v2/a%zz/tags/list', 400, 'NAME_INVALID'],
  ['broken UTF-8 is refused', '/v2/a%ff/tags/list', 400, 'NAME_INVALID'],
  ['there is no catalog', '/v2/_catalog', 404, 'UNSUPPORTED'],
  ['a repository alone is nothing', '/v2/app', 404, 'NAME_UNKNOWN'],
  ['a verb without a repository is nothing', `/v2/blobs/${digest}`, 404, 'NAME_UNKNOWN'],
  ['uploads are nothing', '/v2/app/blobs/uploads/1', 404, 'NAME_UNKNOWN'],
  ['tags have nothing but a list', '/v2/app/tags/1.0', 404, 'NAME_UNKNOWN'],
  ['the root is nothing', '/', 404, 'NAME_UNKNOWN'],
  ['version 1 is nothing', '/v1/_ping', 404, 'NAME_UNKNOWN'],
])('%s', ([, target, status, code]) => {
  expect(parseRequest('GET', target)).toMatchObject({ kind: 'refusal', status, code })
})

test.for(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get'])(
  '%s is not for pulling',
  (method) => {
    const refused = { kind: 'refusal', status: 405, code: 'UNSUPPORTED' }
    expect(parseRequest(method, '/v2/app/manifests/1')).toMatchObject(refused)
  },
)

test.for<[string, string, string | undefined]>([
  ['ns is the registry that was asked for', '?ns=docker.io', 'docker.io'],
  ['it counts in any case', '?a=b&ns=Docker.IO', 'docker.io'],
  ['its port may be encoded', '?ns=registry.corp%3a5000', 'registry.corp:5000'],
  ['the first of two counts', '?ns=a&ns=b', 'a'],
  ['none is none', '?fans=1', undefined],
])('%s', ([, query, wanted]) => {
  expect(nsOf(parseRequest('GET', `/v2/app/manifests/1${query}`))).toBe(wanted)
})

test.for(['/v2/?ns=docker.io', '/v2/app/blobs/no?ns=docker.io'])('%s says no ns', (target) => {
  expect(nsOf(parseRequest('GET', target))).toBeUndefined()
})

test.for<[string, string, string]>([
  ['a query is kept as it came', '?a=b&c=%20d', '?a=b&c=%20d'],
  ['ns is for us alone', '?ns=docker.io', ''],
  ['ns goes and the rest stays', '?a=b&ns=docker.io&c=d', '?a=b&c=d'],
  ['a name that ends in ns is not ns', '?fans=1', '?fans=1'],
  ['a name that ends in ns is not ns, beside one that is', '?fans=1&ns=x', '?fans=1'],
  ['a question mark alone is no query', '?', ''],
  ['what could end a header is encoded', '?a=\u00e9"<\u4e2d', '?a=%e9%22%3c'],
])('%s', ([, query, wanted]) => {
  expect(parseRequest('GET', `/v2/app/manifests/1${query}`)).toMatchObject({ query: wanted })
})

test('a refusal quotes no more than a little of what came', () => {
  const refusal = parseRequest('GET', `/v2/app/manifests/${'x'.repeat(5000)}`)
  expect(refusal.kind === 'refusal' && refusal.message.length).toBeLessThan(150)
})

function blob(repository: string): Partial<RegistryRequest> {
  return { kind: 'blob', method: 'GET', repository, digest, mirrorable: digest as never, query: '' }
}
