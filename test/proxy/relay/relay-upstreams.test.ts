import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { emptyBlob, signatureOf, signatureTag } from '../../../src/embedded/artifacts.ts'
import { imageOf, push } from '../../../src/embedded/images.ts'
import type { RegistryOptions } from '../../../src/embedded/registry.ts'
import type { RelayWorld } from './relay-world.ts'
import { errorOf, startRelayWorld } from './relay-world.ts'

const image = imageOf({
  architecture: 'amd64',
  files: [{ path: 'noise', content: noise(300) }],
})
const signature = signatureOf(image)
const layer = image.blobs.at(-1)!
/** Chunks of 32 bytes that do not compress. */
function noise(chunks: number): Uint8Array {
  const hash = (n: number) => createHash('sha256').update(`${n}`).digest()
  return Buffer.concat(Array.from({ length: chunks }, (_, n) => hash(n)))
}

/** The client's own, which is nobody's business. */
const secrets = { authorization: 'Bearer the-clients-own', cookie: 'session=1' }

type Upstream = {
  readonly options: (cdn: () => string) => RegistryOptions
  /** Where the image's layer comes from in the end. */
  readonly layerFrom: 'cdn' | 'registry' | 'us'
  readonly wantsToken: boolean
}

// What registries are known to do that clients would notice, a row each.
const upstreams: readonly (readonly [string, Upstream])[] = [
  [
    'Artifact Registry: a relative redirect, and no token',
    {
      options: () => ({ artifactRegistry: true, quirks: { signed: { status: 302 } } }),
      layerFrom: 'registry',
      wantsToken: false,
    },
  ],
  [
    'Quay: a redirect to be kept for a year, and absolute links',
    {
      options: (at) => ({
        quirks: {
          signed: { at, status: 302, cacheControl: 'max-age=31536000' },
          links: 'absolute',
        },
      }),
      layerFrom: 'cdn',
      wantsToken: false,
    },
  ],
  [
    'Docker Hub: a token for everything, and a HEAD that is redirected as well',
    {
      options: (at) => ({ auth: {}, quirks: { signed: { at }, blobHead: 'signed' } }),
      layerFrom: 'cdn',
      wantsToken: true,
    },
  ],
  [
    'GHCR: a token for everything, and small blobs sent at once',
    {
      options: (at) => ({ auth: {}, quirks: { signed: { at, inlineBelowBytes: 5000 } } }),
      layerFrom: 'cdn',
      wantsToken: true,
    },
  ],
  [
    'ECR Public: one scope for all, and 401 to a blob’s HEAD whatever the token',
    {
      options: (at) => ({ auth: { scope: 'aws' }, quirks: { signed: { at }, blobHead: 401 } }),
      layerFrom: 'cdn',
      wantsToken: true,
    },
  ],
  [
    'a registry that has no HEAD for blobs',
    {
      options: (at) => ({ quirks: { signed: { at }, blobHead: 405 } }),
      layerFrom: 'cdn',
      wantsToken: false,
    },
  ],
  [
    'a registry that has neither a redirect nor a HEAD for blobs',
    { options: () => ({ auth: {}, quirks: { blobHead: 405 } }), layerFrom: 'us', wantsToken: true },
  ],
  [
    'Harbor, or docker-registry on a disk: a token for everything, and blobs sent at once',
    { options: () => ({ auth: {} }), layerFrom: 'us', wantsToken: true },
  ],
  ['a registry that wants nothing', { options: () => ({}), layerFrom: 'us', wantsToken: false }],
]

test.for(upstreams)('through nearport an image is whole from %s', async ([, upstream]) => {
  const world = await startRelayWorld((cdn) => ({ pageLimit: 1, ...upstream.options(cdn) }))
  push(world.registry, 'prod/app', image, '1.0', '1.1')
  push(world.registry, 'prod/app', signature, signatureTag(image))
  world.registry.putBlob(emptyBlob.bytes, { repository: 'prod/app' })

  for (const [tag, { bytes, descriptor }] of [
    ['1.0', image],
    [signatureTag(image), signature],
    [image.descriptor.digest, image],
  ] as const) {
    const path = `/v2/app/manifests/${tag}`
    const headers = { ...secrets, accept: descriptor.mediaType }
    const get = await world.ask(path, { headers })
    const head = await world.ask(path, { headers, method: 'HEAD' })
    expect(new Uint8Array(await get.arrayBuffer())).toEqual(new Uint8Array(bytes))
    expect(await head.text()).toBe('')
    for (const answer of [get, head]) {
      expect(answer.status).toBe(200)
      expect(Object.fromEntries(answer.headers)).toEqual({
        'content-type': descriptor.mediaType,
        'content-length': String(descriptor.size),
        'docker-content-digest': descriptor.digest,
        'cache-control': 'no-store, no-transform',
        'x-nearport-reason': 'manifest',
      })
    }
  }

  for (const { descriptor } of [...image.blobs, ...signature.blobs, emptyBlob]) {
    const path = `/v2/app/blobs/${descriptor.digest}`
    const head = await world.ask(path, { headers: secrets, method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(descriptor.size))
    expect(head.headers.get('docker-content-digest')).toBe(descriptor.digest)

    const get = await world.ask(path, { headers: secrets })
    expect(get.headers.get('docker-content-digest')).toBe(descriptor.digest)
    expect(get.headers.get('cache-control')).toMatch(/^no-store/)
    expect(digestOf(await bytesOf(get))).toBe(descriptor.digest)
    if (descriptor.digest === layer.descriptor.digest) {
      expect(sourceOf(get, world)).toBe(upstream.layerFrom)
    }
  }

  expect(await allTags(world)).toEqual(['1.0', '1.1', signatureTag(image)].toSorted())
  expectNoSecrets(world, upstream)
  expect(world.events.filter(({ error }) => error !== undefined)).toEqual([])
})

test('what a registry says to an Accept that is too thin, the client hears', async () => {
  const world = await startRelayWorld(() => ({ accept: 'honoured', auth: {} }))
  push(world.registry, 'prod/app', image, '1.0')
  const answer = await world.ask('/v2/app/manifests/1.0', { headers: { accept: 'text/plain' } })
  expect(answer.status).toBe(404)
  expect(await errorOf(answer)).toEqual({
    code: 'MANIFEST_UNKNOWN',
    message: `the upstream registry says: ${image.descriptor.mediaType} found, but the Accept header does not name it`,
  })
})

test('a registry that sends us to another is followed for manifests, and our token stays behind', async () => {
  const world = await startRelayWorld(() => ({ auth: {} }))
  const other = await startRelayWorld()
  push(other.registry, 'prod/app', image, '1.0')
  world.registry.intercept = ({ url, headers }) =>
    headers.has('authorization')
      ? new Response(null, {
          status: 307,
          headers: { location: other.url + new URL(url).pathname },
        })
      : undefined
  const manifest = await world.ask('/v2/app/manifests/1.0')
  expect(digestOf(new Uint8Array(await manifest.arrayBuffer()))).toBe(image.descriptor.digest)
  const blob = await world.ask(`/v2/app/blobs/${layer.descriptor.digest}`)
  expect(blob.headers.get('location')).toBe(
    `${other.url}/v2/prod/app/blobs/${layer.descriptor.digest}`,
  )
  expect(other.registry.requests.map(({ path }) => path)).toEqual(['/v2/prod/app/manifests/1.0'])
  expect(other.registry.requests[0]!.headers).not.toHaveProperty('authorization')
})

/** A blob's bytes as a client gets them, which follows one redirect and no more. */
async function bytesOf(answer: Response): Promise<Uint8Array> {
  if (answer.status === 200) return new Uint8Array(await answer.arrayBuffer())
  expect(answer.status).toBe(307)
  const followed = await fetch(answer.headers.get('location')!, { redirect: 'error' })
  expect(followed.status).toBe(200)
  return new Uint8Array(await followed.arrayBuffer())
}

function sourceOf(answer: Response, { cdnUrl }: RelayWorld): Upstream['layerFrom'] {
  const location = answer.headers.get('location')
  if (location === null) return 'us'
  return location.startsWith(`${cdnUrl}/`) ? 'cdn' : 'registry'
}

async function allTags(world: RelayWorld): Promise<readonly string[]> {
  const tags: string[] = []
  let path: string | undefined = '/v2/app/tags/list'
  while (path !== undefined) {
    const answer = await world.ask(path, { headers: secrets })
    tags.push(...((await answer.json()) as { tags: readonly string[] }).tags)
    path = /^<(\/v2\/app\/tags\/list\?.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  return tags
}

function expectNoSecrets({ registry }: RelayWorld, { wantsToken }: Upstream): void {
  const authorized = registry.requests.filter(({ headers }) => 'authorization' in headers)
  expect(authorized.length > 0).toBe(wantsToken)
  for (const { path, headers } of registry.requests) {
    expect(headers['authorization'] ?? '').not.toContain('the-clients-own')
    expect(headers).not.toHaveProperty('cookie')
    if (path.startsWith('/signed/')) expect(headers).not.toHaveProperty('authorization')
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
