import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { referrersTag, signatureOf, signatureTag } from '../../src/embedded/artifacts.ts'
import { foreignLayerOf, imageOf, indexOf, layerOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { createSamples } from '../../src/embedded/samples.ts'
import { gzipOf, tarOf } from '../../src/embedded/tar.ts'

type ManifestJson = {
  readonly mediaType: string
  readonly config: { readonly mediaType: string }
  readonly layers: readonly { readonly mediaType: string; readonly digest: string }[]
}

test('a layer is a gzipped tar that tar itself unpacks', () => {
  const { bytes } = layerOf([
    { path: 'etc/empty', content: '' },
    { path: 'bin/run', content: '#!/bin/sh\n', mode: 0o755 },
    { path: 'usr/large', content: new Uint8Array(200_000) },
  ])
  const { stdout } = spawnSync('tar', ['-tzvf', '-', '--numeric-owner'], { input: bytes })
  const lines = stdout.toString().trim().split('\n')
  expect(lines).toEqual([
    expect.stringMatching(/^-rw-r--r-- 0\/0 +0 .* etc\/empty$/),
    expect.stringMatching(/^-rwxr-xr-x 0\/0 +10 .* bin\/run$/),
    expect.stringMatching(/^-rw-r--r-- 0\/0 +200000 .* usr\/large$/),
  ])
})

test.for([0, 1, 65_534, 65_535, 65_536, 131_070, 200_000])(
  'gzip of %i bytes gives them back',
  (length) => {
    const bytes = createHash('shake256', { outputLength: length }).update('x').digest()
    expect(gunzipSync(gzipOf(bytes)).equals(bytes)).toBe(true)
  },
)

test('an image’s config names the digests of its layers before gzip', () => {
  const files = [{ path: 'hello', content: 'hello\n' }]
  const { blobs } = imageOf({ architecture: 'arm64', files })
  const config: unknown = JSON.parse(Buffer.from(blobs[0]?.bytes ?? []).toString())
  const diffId = `sha256:${createHash('sha256').update(tarOf(files)).digest('hex')}`
  expect(config).toMatchObject({
    architecture: 'arm64',
    os: 'linux',
    rootfs: { diff_ids: [diffId] },
  })
})

test('both forms of manifest share a layer, each under its own types', () => {
  const layers = [layerOf([{ path: 'shared', content: 'shared' }])]
  const [oci, docker] = (['oci', 'docker'] as const).map((form) => {
    const { bytes } = imageOf({ architecture: 'amd64', layers, form })
    return JSON.parse(Buffer.from(bytes).toString()) as ManifestJson
  })
  expect(oci?.layers[0]?.digest).toBe(docker?.layers[0]?.digest)
  expect(oci?.mediaType).toBe('application/vnd.oci.image.manifest.v1+json')
  expect(docker?.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json')
  expect(docker?.config.mediaType).toBe('application/vnd.docker.container.image.v1+json')
  expect(docker?.layers[0]?.mediaType).toBe('application/vnd.docker.image.rootfs.diff.tar.gzip')
})

test('a foreign layer is in the manifest and not in the registry', async () => {
  const registry = createRegistry()
  const foreign = foreignLayerOf([{ path: 'kernel', content: 'x' }], ['https://example.com/layer'])
  push(registry, 'app', imageOf({ architecture: 'amd64', layers: [foreign] }), '1')
  const get = (path: string) => registry.fetch(new Request(`http://registry.test/v2/app/${path}`))

  const manifest = (await (await get('manifests/1')).json()) as ManifestJson
  expect(manifest.layers[0]).toMatchObject({
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    urls: ['https://example.com/layer'],
  })
  expect((await get(`blobs/${foreign.descriptor.digest}`)).status).toBe(404)
})

test('the tags of a signature and of referrers are made of the digest', () => {
  const index = indexOf([])
  const hex = index.descriptor.digest.slice('sha256:'.length)
  expect(signatureTag(index)).toBe(`sha256-${hex}.sig`)
  expect(referrersTag(index)).toBe(`sha256-${hex}`)
  expect(Buffer.from(signatureOf(index).blobs[1]?.bytes ?? []).toString()).toContain(hex)
})

test('a path too long for a tar header is refused', () => {
  expect(() => tarOf([{ path: 'x'.repeat(101), content: '' }])).toThrow('at most 100 bytes')
})

test('the samples have the same digests on every machine', () => {
  const digests = createSamples().map(
    ({ repository, tags, image }) => `${repository}:${tags.join()} ${image.descriptor.digest}`,
  )
  expect(digests).toMatchInlineSnapshot(`
    [
      "hello:1.0,latest sha256:820e58d7dfbfa53816d73c75a811a8224c9c6996e55479b01cb01baedb52ef4e",
      "hello:sha256-820e58d7dfbfa53816d73c75a811a8224c9c6996e55479b01cb01baedb52ef4e.sig sha256:3a816169aefbd8be9a36e11b9587784febc7654592ea470fb6c10007ffd970f6",
      "hello: sha256:76099c26d326bb3729ca8a286f5bcfe857fac493d1f6f832c1eabf7008c33f8c",
      "tools:2.1 sha256:ba1e626331fd64191e896dbdc290e7e06fbafe1f9780cc5050cfa18338bf553d",
      "charts/demo:0.1.0 sha256:258d56a0dcd798cd3ae97bca5d21d135ffcd641ae8b6aeb3b2e23037ef90348a",
      "artifacts/release:1.0 sha256:efd7fb57609c09529b84e69846065546df0fe5d5ebc4098761c3ca1dca088e2d",
    ]
  `)
})
