import { expect, test } from 'vitest'
import { manifestMediaTypes, parseManifest, manifestTypeOf } from '../../src/core/manifest.ts'

const hex = (letter: string) => `sha256:${letter.repeat(64)}`
const describe = (mediaType: string, letter: string, size: number, more: object = {}) => ({
  mediaType,
  digest: hex(letter),
  size,
  ...more,
})
const oci = 'application/vnd.oci.image'
const docker = 'application/vnd.docker'
const parse = (json: unknown, mediaType = `${oci}.manifest.v1+json`) =>
  parseManifest(JSON.stringify(json), mediaType)

test.for<[string, string, unknown, object]>([
  [
    'an OCI image leads to its config and layers',
    `${oci}.manifest.v1+json`,
    {
      config: describe(`${oci}.config.v1+json`, 'a', 1),
      layers: [describe(`${oci}.layer.v1.tar+gzip`, 'b', 2)],
    },
    {
      blobs: [
        { digest: hex('a'), sizeBytes: 1 },
        { digest: hex('b'), sizeBytes: 2 },
      ],
      manifests: [],
    },
  ],
  [
    'a Docker image does so too',
    `${docker}.distribution.manifest.v2+json`,
    {
      config: describe(`${docker}.container.image.v1+json`, 'a', 1),
      layers: [describe(`${docker}.image.rootfs.diff.tar.gzip`, 'b', 2)],
    },
    {
      blobs: [
        { digest: hex('a'), sizeBytes: 1 },
        { digest: hex('b'), sizeBytes: 2 },
      ],
    },
  ],
  [
    'an OCI artifact manifest leads to its blobs',
    'application/vnd.oci.artifact.manifest.v1+json',
    { blobs: [describe('text/plain', 'a', 0)] },
    { blobs: [{ digest: hex('a'), sizeBytes: 0 }] },
  ],
  [
    'schema 1 leads to layers of no known size, once for each mention',
    `${docker}.distribution.manifest.v1+prettyjws`,
    { fsLayers: [{ blobSum: hex('a') }, { blobSum: hex('a') }], signatures: [] },
    { blobs: [{ digest: hex('a') }, { digest: hex('a') }] },
  ],
  [
    'an index leads to manifests',
    `${oci}.index.v1+json`,
    { manifests: [describe(`${oci}.manifest.v1+json`, 'a', 5, { platform: { os: 'linux' } })] },
    {
      blobs: [],
      manifests: [{ mediaType: `${oci}.manifest.v1+json`, digest: hex('a'), sizeBytes: 5 }],
    },
  ],
  [
    'an empty index leads nowhere, also where Go wrote its list as null',
    `${oci}.index.v1+json`,
    { manifests: null },
    { blobs: [], manifests: [], skipped: [] },
  ],
  [
    'the layers and the configs in an index of a build cache are blobs',
    `${oci}.index.v1+json`,
    {
      manifests: [
        describe(`${oci}.layer.v1.tar+zstd`, 'a', 1),
        describe(`${docker}.image.rootfs.diff.tar.gzip`, 'b', 2),
        describe('application/vnd.buildkit.cacheconfig.v0', 'c', 3),
        describe(`${oci}.config.v1+json`, 'd', 4),
        describe(`${docker}.container.image.v1+json`, 'e', 5),
      ],
    },
    {
      blobs: ['a', 'b', 'c', 'd', 'e'].map((letter, at) => ({
        digest: hex(letter),
        sizeBytes: at + 1,
      })),
      manifests: [],
    },
  ],
  [
    'a manifest of a type nobody has heard of gives its blobs',
    'application/vnd.example.thing',
    { layers: [describe('example/thing', 'a', 1)] },
    { blobs: [{ digest: hex('a'), sizeBytes: 1 }], mediaType: 'application/vnd.example.thing' },
  ],
  [
    'the media type inside counts above the one outside',
    'text/plain',
    { mediaType: `${oci}.index.v1+json`, manifests: [] },
    { mediaType: `${oci}.index.v1+json` },
  ],
  [
    'layers that are fetched from elsewhere are skipped',
    `${docker}.distribution.manifest.v2+json`,
    {
      layers: [
        describe(`${docker}.image.rootfs.foreign.diff.tar.gzip`, 'a', 1),
        describe(`${oci}.layer.nondistributable.v1.tar`, 'b', 1),
        describe(`${oci}.layer.v1.tar`, 'c', 1, { urls: ['https://elsewhere.example/c'] }),
        describe(`${oci}.layer.v1.tar`, 'd', 1, { urls: [] }),
      ],
    },
    {
      blobs: [{ digest: hex('d'), sizeBytes: 1 }],
      skipped: ['a', 'b', 'c'].map((letter) => ({
        digest: hex(letter),
        why: 'a layer that is fetched from elsewhere',
      })),
    },
  ],
  [
    'what has another digest than a SHA-256 is skipped, and said to be',
    `${oci}.manifest.v1+json`,
    {
      layers: [
        { mediaType: 'x', digest: `sha512:${'a'.repeat(128)}`, size: 1 },
        { mediaType: 'x', digest: hex('A'), size: 1 },
      ],
    },
    {
      blobs: [],
      skipped: [
        { digest: `sha512:${'a'.repeat(128)}`, why: 'mirrors hold SHA-256 alone' },
        { digest: hex('A'), why: 'no digest' },
      ],
    },
  ],
  [
    'a descriptor may lack its media type',
    `${oci}.manifest.v1+json`,
    { config: { digest: hex('a'), size: 3 } },
    { blobs: [{ digest: hex('a'), sizeBytes: 3 }] },
  ],
])('%s', ([, mediaType, json, wanted]) => {
  expect(parse(json, mediaType)).toMatchObject(wanted)
})

test.for<[string, string, string]>([
  ['text', 'hello', 'wanted JSON'],
  ['a list', '[]', 'wanted a JSON object'],
  ['null', 'null', 'wanted a JSON object'],
  [
    'an object without any of the fields',
    '{"errors":[],"schemaVersion":2}',
    'wanted one of config, layers, blobs, manifests, fsLayers in a manifest, got "errors", "schemaVersion"',
  ],
  [
    'a layer that is no descriptor',
    '{"layers":["x"]}',
    'wanted mediaType, digest and size in each of layers',
  ],
  [
    'a size in words',
    `{"config":{"digest":"${hex('a')}","size":"1"}}`,
    'wanted mediaType, digest and size in each of config',
  ],
  [
    'half a byte',
    `{"config":{"digest":"${hex('a')}","size":0.5}}`,
    'wanted mediaType, digest and size in each of config',
  ],
  [
    'a size below zero',
    `{"config":{"digest":"${hex('a')}","size":-1}}`,
    'wanted mediaType, digest and size in each of config',
  ],
  [
    'a layer of schema 1 without its sum',
    '{"fsLayers":[{}]}',
    'wanted a sha256 blobSum in each of fsLayers',
  ],
  [
    'a layer of schema 1 that is no object',
    '{"fsLayers":[1]}',
    'wanted a sha256 blobSum in each of fsLayers',
  ],
  [
    'a wrong sum in schema 1',
    '{"fsLayers":[{"blobSum":"md5:1"}]}',
    'wanted a sha256 blobSum in each of fsLayers',
  ],
])('%s is no manifest', ([, text, message]) => {
  expect(parseManifest(text, 'text/plain')).toBe(message)
})

test('every kind of manifest is asked for, and once', () => {
  expect(new Set(manifestMediaTypes).size).toBe(manifestMediaTypes.length)
  for (const kind of ['v1+json', 'v1+prettyjws', 'v2+json', 'list.v2+json']) {
    expect(manifestMediaTypes).toContain(`${docker}.distribution.manifest.${kind}`)
  }
})

test('the keys of what is no manifest are quoted, and told in short', () => {
  const message = parseManifest(JSON.stringify({ [`\u001B]0;${'x'.repeat(2_000_000)}`]: 1 }), '')
  expect(message).toMatch(/, got "\\u001b\]0;x{36}"$/)
})

const ociIndex = 'application/vnd.oci.image.index.v1+json'
const ociImage = 'application/vnd.oci.image.manifest.v1+json'

test.for<[string, string, string | undefined]>([
  ['says it', `{"mediaType":"a/b.v1+json","manifests":[]}`, 'a/b.v1+json'],
  ['has the form of an index', '{"manifests":[]}', ociIndex],
  ['has the form of an image', '{"config":{},"layers":[]}', ociImage],
  ['says what is no type', '{"mediaType":"a\\nb: c","config":{},"layers":[]}', ociImage],
  ['says a number', '{"mediaType":1,"manifests":[]}', ociIndex],
  ['is an image’s config', '{"config":{"Cmd":[]},"rootfs":{},"mediaType":"a/b"}', undefined],
  ['is of schema 1', '{"schemaVersion":1,"fsLayers":[]}', undefined],
  ['is a list', '[]', undefined],
  ['is no JSON', 'hello', undefined],
])('the type of a manifest that %s is known', ([, text, type]) => {
  expect(manifestTypeOf(text)).toBe(type)
})
