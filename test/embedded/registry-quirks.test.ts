import { expect, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import type { RegistryQuirks } from '../../src/embedded/registry-quirks.ts'
import { createRegistry } from '../../src/embedded/registry.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'a', content: 'a'.repeat(999) }] })
const { descriptor, bytes } = image.blobs.at(-1)!
const host = 'http://registry.test'
const path = `/v2/app/blobs/${descriptor.digest}`
const at = () => 'http://cdn.test'

function createQuirky(quirks: RegistryQuirks) {
  const registry = createRegistry({ pageLimit: 1, quirks })
  push(registry, 'app', image, '1', '2')
  return (target: string, init: RequestInit = {}) =>
    registry.fetch(new Request(new URL(target, host), init))
}

test.for<[string, RegistryQuirks, number, RegExp]>([
  ['relative', { signed: { status: 302 } }, 302, /^\/signed\/sha256:/],
  ['on another host', { signed: { at } }, 307, /^http:\/\/cdn\.test\/signed\/sha256:/],
])(
  'a signed address may be %s, and has the blob, for nobody who has a token',
  async ([, quirks, status, form]) => {
    const ask = createQuirky(quirks)
    const answer = await ask(path)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('docker-content-digest')).toBe(descriptor.digest)
    const location = answer.headers.get('location')!
    expect(location).toMatch(form)
    expect(new Uint8Array(await (await ask(location)).arrayBuffer())).toEqual(new Uint8Array(bytes))
    expect((await ask(location, { method: 'HEAD' })).status).toBe(403)
    expect((await ask(location, { headers: { authorization: 'Bearer x' } })).status).toBe(400)
    expect((await ask(location.replace(/.$/, '_'))).status).toBe(403)
  },
)

test('a redirect may ask to be remembered, and small blobs may be sent at once', async () => {
  const cacheControl = 'max-age=31536000'
  const remembered = await createQuirky({ signed: { cacheControl } })(path)
  expect(remembered.headers.get('cache-control')).toBe(cacheControl)
  const small = createQuirky({ signed: { inlineBelowBytes: descriptor.size + 1 } })
  expect((await small(path)).status).toBe(200)
  const large = createQuirky({ signed: { inlineBelowBytes: descriptor.size } })
  expect((await large(path, { headers: { range: 'bytes=0-0' } })).status).toBe(307)
})

test.for<[NonNullable<RegistryQuirks['blobHead']>, number]>([
  ['direct', 200],
  ['signed', 307],
  [401, 401],
  [405, 405],
])('a blob’s HEAD may be %s', async ([blobHead, status]) => {
  const ask = createQuirky({ blobHead })
  expect((await ask(path, { method: 'HEAD' })).status).toBe(status)
  expect((await ask('/v2/app/manifests/1', { method: 'HEAD' })).status).toBe(200)
})

test('links may be absolute', async () => {
  const answer = await createQuirky({ links: 'absolute' })('/v2/app/tags/list')
  expect(answer.headers.get('link')).toBe(`<${host}/v2/app/tags/list?last=1>; rel="next"`)
})
