import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { artifactOf, emptyBlob, fileOf, signatureOf } from '../../src/embedded/artifacts.ts'
import { type Image, imageOf, indexOf, push } from '../../src/embedded/images.ts'
import { mediaTypes } from '../../src/embedded/media-type.ts'
import { registryError } from '../../src/embedded/registry-answer.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { type Served, serveEmbedded } from '../../src/embedded/serve.ts'
import { exchange } from './wire.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'hello', content: 'hello\n' }] })
const index = indexOf([image, imageOf({ architecture: 'arm64', files: [] })])
const bill = artifactOf({
  artifactType: 'application/spdx+json',
  annotations: { made: 'today' },
  files: [fileOf('application/spdx+json', 'bill', '{}'), emptyBlob],
  subject: index,
})
const plain = artifactOf({ files: [], subject: index })
const layer = blobOf(image, 1)
const noDigest = `sha256:${'0'.repeat(64)}`

const registry = createRegistry({ pageLimit: 3 })
let served: Served

beforeAll(async () => {
  push(registry, 'team/app', index, 'v1', 'v2', 'V3', 'latest')
  push(registry, 'team/app', bill)
  push(registry, 'team/app', plain)
  push(registry, 'team/signed', signatureOf(image))
  for (const repository of ['a', 'b', 'c']) push(registry, repository, image, '1')
  served = await serveEmbedded(registry.fetch)
})
afterEach(() => {
  registry.intercept = undefined
  registry.requests.length = 0
})
afterAll(() => served.close())

test.for(['/v2/', '/v2'])('%s says that this is a registry', async (path) => {
  const answer = await get(path)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
})

test.for<[string, string]>([
  ['its tag', 'v1'],
  ['its digest', index.descriptor.digest],
  ['its digest with an escaped colon', index.descriptor.digest.replace(':', '%3A')],
])(
  'a manifest by %s comes with type, length and digest, on GET and HEAD',
  async ([, reference]) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await get(`/v2/team/app/manifests/${reference}`, { method })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe(mediaTypes.oci.index)
      expect(answer.headers.get('docker-content-digest')).toBe(index.descriptor.digest)
      expect(answer.headers.get('content-length')).toBe(String(index.bytes.byteLength))
      const body = new Uint8Array(await answer.arrayBuffer())
      expect(body).toEqual(method === 'GET' ? new Uint8Array(index.bytes) : new Uint8Array())
    }
  },
)

test.for<[string, string, number]>([
  ['names it', `${mediaTypes.docker.manifest}, ${mediaTypes.oci.index};q=0.9`, 200],
  ['takes anything', '*/*', 200],
  ['takes any application', 'application/*', 200],
  ['names others', `${mediaTypes.docker.manifest},${mediaTypes.oci.manifest}`, 404],
])('a manifest is given to an Accept that %s', async ([, accept, status]) => {
  const answer = await get('/v2/team/app/manifests/v1', { headers: { accept } })
  expect(answer.status).toBe(status)
})

test('a registry may ignore Accept, and no Accept at all takes anything', async () => {
  const ignoring = createRegistry({ accept: 'ignored' })
  push(ignoring, 'app', image, '1')
  const headers = { accept: 'text/plain' }
  const url = 'http://registry.test/v2/app/manifests/1'
  expect((await ignoring.fetch(new Request(url, { headers }))).status).toBe(200)
  const bare = `GET /v2/team/app/manifests/v1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
  expect((await exchange(served.port, bare)).head).toMatch(/^HTTP\/1.1 200/)
})

test.for<[string, string, number, string]>([
  ['an unknown tag', '/v2/team/app/manifests/none', 404, 'MANIFEST_UNKNOWN'],
  ['an illegal tag', '/v2/team/app/manifests/.INVALID', 404, 'MANIFEST_UNKNOWN'],
  ['a malformed digest of a manifest', '/v2/team/app/manifests/sha256:x', 404, 'MANIFEST_UNKNOWN'],
  ['an unknown blob', `/v2/team/app/blobs/${noDigest}`, 404, 'BLOB_UNKNOWN'],
  ['a malformed digest of a blob', '/v2/team/app/blobs/sha256:x', 400, 'DIGEST_INVALID'],
  ['a malformed digest of a subject', '/v2/team/app/referrers/sha256:x', 400, 'DIGEST_INVALID'],
  ['a blob of another repository', `/v2/team/signed/blobs/${layer.digest}`, 404, 'BLOB_UNKNOWN'],
  ['an unknown repository', '/v2/team/none/manifests/v1', 404, 'NAME_UNKNOWN'],
  ['an illegal name', '/v2/Team/app/manifests/v1', 400, 'NAME_INVALID'],
  [
    'a page of a size that is none',
    '/v2/team/app/tags/list?n=-1',
    400,
    'PAGINATION_NUMBER_INVALID',
  ],
  ['a path that is not of the API', '/v2/team/app/tags/other', 404, 'NAME_UNKNOWN'],
  ['a path that does not decode', '/v2/team/%FF/manifests/v1', 404, 'NAME_UNKNOWN'],
])('%s is an error of the spec’s form', async ([, path, status, code]) => {
  const answer = await get(path)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(await answer.json()).toMatchObject({ errors: [{ code }] })
})

test('what is not a read is refused', async () => {
  const answer = await get('/v2/team/app/manifests/v1', { method: 'DELETE' })
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe('GET, HEAD')
})

test('HEAD of a blob has its length on the wire, and no body', async () => {
  const path = `/v2/team/app/blobs/${layer.digest}`
  const answer = await exchange(
    served.port,
    `HEAD ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  )
  expect(answer.head).toMatch(new RegExp(`^content-length: ${layer.size}\r?$`, 'im'))
  expect(answer.head).toMatch(new RegExp(`^docker-content-digest: ${layer.digest}\r?$`, 'im'))
  expect(answer.body).toBe('')
})

test('a blob is sent whole, or the range of it that was asked for', async () => {
  const path = `/v2/team/app/blobs/${layer.digest}`
  const whole = new Uint8Array(await (await get(path)).arrayBuffer())
  expect(whole.byteLength).toBe(layer.size)

  const part = await get(path, { headers: { Range: `bytes=100-` } })
  expect(part.status).toBe(206)
  expect(part.headers.get('content-range')).toBe(`bytes 100-${layer.size - 1}/${layer.size}`)
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.subarray(100))

  const past = await get(path, { headers: { Range: `bytes=${layer.size}-` } })
  expect(past.status).toBe(416)
  expect(past.headers.get('content-range')).toBe(`bytes */${layer.size}`)
  expect(await past.json()).toMatchObject({ errors: [{ code: 'RANGE_INVALID' }] })
})

test('a blob of no bytes is a blob', async () => {
  const answer = await get(`/v2/team/app/blobs/${emptyBlob.descriptor.digest}`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-length')).toBe('0')
})

test.for<[string, string[], string | null]>([
  ['', ['V3', 'latest', 'v1'], '</v2/team/app/tags/list?last=v1>; rel="next"'],
  ['?n=2', ['V3', 'latest'], '</v2/team/app/tags/list?n=2&last=latest>; rel="next"'],
  ['?n=100', ['V3', 'latest', 'v1'], '</v2/team/app/tags/list?n=100&last=v1>; rel="next"'],
  ['?n=2&last=latest', ['v1', 'v2'], null],
  ['?last=v1x', ['v2'], null],
  ['?n=0', [], null],
])('tags/list%s is in order, and links to the rest', async ([query, tags, link]) => {
  const answer = await get(`/v2/team/app/tags/list${query}`)
  expect(await answer.json()).toEqual({ name: 'team/app', tags })
  expect(answer.headers.get('link')).toBe(link)
})

test('the catalog has every repository once, over its pages', async () => {
  const first = await get('/v2/_catalog')
  expect(await first.json()).toEqual({ repositories: ['a', 'b', 'c'] })
  const next = first.headers.get('link')?.match(/<(.*)>/)?.[1] ?? ''
  expect(await (await get(next)).json()).toEqual({ repositories: ['team/app', 'team/signed'] })
})

test('referrers lists what has the manifest for its subject', async () => {
  const answer = await get(`/v2/team/app/referrers/${index.descriptor.digest}`)
  expect(answer.headers.get('content-type')).toBe(mediaTypes.oci.index)
  expect(answer.headers.get('oci-filters-applied')).toBeNull()
  const { manifests, ...rest } = (await answer.json()) as { manifests: object[] }
  expect(rest).toEqual({ schemaVersion: 2, mediaType: mediaTypes.oci.index })
  expect(manifests).toHaveLength(2)
  expect(manifests).toContainEqual({
    ...bill.descriptor,
    artifactType: 'application/spdx+json',
    annotations: { made: 'today' },
  })
  // Without an artifactType, the config's media type stands for it.
  expect(manifests).toContainEqual({
    ...plain.descriptor,
    artifactType: 'application/vnd.oci.empty.v1+json',
  })
})

test('referrers can be filtered by type, and says so', async () => {
  const type = encodeURIComponent('application/spdx+json')
  const path = `/v2/team/app/referrers/${index.descriptor.digest}?artifactType=${type}`
  const answer = await get(path)
  expect(answer.headers.get('oci-filters-applied')).toBe('artifactType')
  expect(await answer.json()).toMatchObject({ manifests: [{ digest: bill.descriptor.digest }] })
})

test('referrers of what nobody refers to is an empty index, or 404 where there is no such API', async () => {
  const path = `/v2/team/app/referrers/${noDigest}`
  const answer = await get(path)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ manifests: [] })

  const older = createRegistry({ referrers: false })
  push(older, 'team/app', image)
  expect((await older.fetch(new Request(`http://registry.test${path}`))).status).toBe(404)
})

test('Artifact Registry’s tags/list also has the manifests that have no tag', async () => {
  const google = createRegistry({ artifactRegistry: true })
  push(google, 'app', index, 'v1')
  const answer = await google.fetch(new Request('http://registry.test/v2/app/tags/list'))
  const { manifest } = (await answer.json()) as { manifest: Record<string, object> }
  expect(Object.keys(manifest)).toHaveLength(3)
  expect(manifest[index.descriptor.digest]).toMatchObject({
    mediaType: mediaTypes.oci.index,
    tag: ['v1'],
  })
  const size = image.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
  expect(manifest[image.descriptor.digest]).toMatchObject({ imageSizeBytes: String(size), tag: [] })
})

test('what is deleted is gone, and a deleted manifest takes its tags along', async () => {
  const mine = createRegistry()
  push(mine, 'app', image, '1', '2')
  const status = async (path: string) =>
    (await mine.fetch(new Request(`http://registry.test/v2/app/${path}`))).status

  expect(mine.deleteTag('app', '1')).toBe(true)
  expect(mine.deleteTag('app', '1')).toBe(false)
  expect(await status('manifests/1')).toBe(404)
  expect(await status('manifests/2')).toBe(200)

  expect(mine.deleteManifest('app', image.descriptor.digest)).toBe(true)
  expect(await status('manifests/2')).toBe(404)
  expect(mine.deleteBlob('app', layer.digest)).toBe(true)
  expect(await status(`blobs/${layer.digest}`)).toBe(404)
})

test('a manifest is not put under the digest of another', () => {
  expect(() => createRegistry().putManifest('app', noDigest, 'text/plain', image.bytes)).toThrow(
    `wanted a manifest with digest ${noDigest}`,
  )
})

test('bytes that were put are a copy', async () => {
  const mine = createRegistry()
  const bytes = Buffer.from('mutable')
  const { digest } = mine.putBlob(bytes, { repository: 'app' })
  bytes.fill(0)
  const answer = await mine.fetch(new Request(`http://registry.test/v2/app/blobs/${digest}`))
  expect(await answer.text()).toBe('mutable')
})

test('every request is remembered with its headers, and an intercept may answer it', async () => {
  registry.intercept = (request) =>
    request.method === 'HEAD'
      ? registryError('TOOMANYREQUESTS', 'slow down', { 'Retry-After': '1' })
      : undefined
  const headers = { 'X-Seen': 'yes' }
  expect((await get('/v2/a/manifests/1', { method: 'HEAD', headers })).status).toBe(429)
  expect((await get('/v2/a/manifests/1?ns=b')).status).toBe(200)
  expect(registry.requests).toMatchObject([
    { method: 'HEAD', path: '/v2/a/manifests/1', headers: { 'x-seen': 'yes' } },
    { method: 'GET', path: '/v2/a/manifests/1?ns=b' },
  ])
})

test('an intercept may change the honest answer', async () => {
  registry.intercept = async (_request, next) => {
    const answer = await next()
    return new Response(answer.body, { status: 299, headers: answer.headers })
  }
  const answer = await get('/v2/a/tags/list')
  expect(answer.status).toBe(299)
  expect(await answer.json()).toEqual({ name: 'a', tags: ['1'] })
})

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(served.url + path, init)
}

function blobOf({ blobs }: Image, at: number) {
  const blob = blobs[at]
  if (blob === undefined) throw new Error(`wanted blob ${at}, and the image has ${blobs.length}`)
  return blob.descriptor
}
