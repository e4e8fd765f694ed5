import { expect, test } from 'vitest'
import {
  artifactOf,
  fileOf,
  referrersTag,
  signatureOf,
  signatureTag,
} from '../../../src/embedded/artifacts.ts'
import type { Image } from '../../../src/embedded/images.ts'
import {
  contentOf,
  foreignLayerOf,
  imageOf,
  indexOf,
  manifestOf,
  push,
} from '../../../src/embedded/images.ts'
import type { RegistryOptions } from '../../../src/embedded/registry.ts'
import type { Ran, World } from '../world.ts'
import { asked, createWorld } from '../world.ts'

const indexType = 'application/vnd.oci.image.index.v1+json'
const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })
const digestsOf = (image: Image): readonly string[] => [
  ...image.blobs.map(({ descriptor }) => descriptor.digest),
  ...image.children.flatMap(digestsOf),
]

/** What a run would mirror, by the repository it would read it from. */
async function walked(world: World): Promise<Ran & { readonly has: (image: Image) => boolean }> {
  const ran = await world.sync()
  const keys = new Set(world.store.keys('mirror-us-east-1', 'containers/images/'))
  return {
    ...ran,
    has: (image) => digestsOf(image).every((each) => keys.has(`containers/images/${each}`)),
  }
}

async function worldWith(
  sync: Record<string, unknown> = {},
  options: RegistryOptions = {},
): Promise<World> {
  const world = await createWorld(options)
  world.file.sync = sync
  return world
}

test.for<[string, unknown, readonly string[]]>([
  ['no list: all of the catalog', undefined, ['app', 'team/api', 'team/web']],
  ['names', ['app', 'team/web'], ['app', 'team/web']],
  ['a pattern', [{ name: 'team/*' }], ['team/api', 'team/web']],
  ['a pattern over the whole name', [{ name: '*a*' }], ['app', 'team/api', 'team/web']],
  [
    'a pattern and a name that it matches',
    [{ name: 'team/*' }, 'team/api'],
    ['team/api', 'team/web'],
  ],
])('repositories by %s', async ([, repositories, wanted]) => {
  const world = await worldWith(repositories === undefined ? {} : { repositories })
  for (const name of ['app', 'team/api', 'team/web'])
    push(world.registry, name, imageNamed(name), '1')
  const ran = await world.sync({ dryRun: true })
  const names = ran.events.flatMap((event) => (event.step === 'walked' ? [event.repository] : []))
  expect(names.toSorted()).toEqual(wanted)
  expect(ran.problems).toEqual([])
})

test('named repositories need no catalog', async () => {
  const world = await worldWith({ repositories: ['app'] })
  push(world.registry, 'app', imageNamed('app'), '1')
  expect((await world.sync()).problems).toEqual([])
  expect(asked(world.registry, 'GET', '_catalog')).toEqual([])
})

test('a pattern that matches nothing, and a repository that is not there, are problems by name', async () => {
  const world = await worldWith({ repositories: [{ name: 'teem/*' }, 'gone', 'app'] })
  push(world.registry, 'app', imageNamed('app'), '1')
  const ran = await walked(world)
  expect(ran.problems).toEqual([
    { subject: 'teem/*', message: 'wanted a repository that matches, got none' },
    {
      subject: 'gone',
      message: `upstream answered 404 to GET ${world.registryUrl}/v2/gone/tags/list`,
    },
  ])
  expect(ran.has(imageNamed('app'))).toBe(true)
})

test('a repository that the catalog lists and that has no tags any more is no problem', async () => {
  const world = await worldWith()
  push(world.registry, 'app', imageNamed('app'), '1')
  push(world.registry, 'emptied', imageNamed('emptied'), '1')
  // As distribution answers it.
  world.registry.intercept = (request) =>
    request.url.includes('/emptied/tags/') ? new Response('', { status: 404 }) : undefined
  const ran = await walked(world)
  expect(ran).toMatchObject({ problems: [], repositories: 2, manifests: 1 })
})

test('a tag that only a pattern of repositories brought need not be in each of them', async () => {
  const world = await worldWith({ repositories: [{ name: 'team/*', tags: ['1.*', 'latest'] }] })
  push(world.registry, 'team/a', imageNamed('a'), '1.0', 'latest')
  push(world.registry, 'team/b', imageNamed('b'), '1.0')
  push(world.registry, 'team/c', imageNamed('c'), 'latest')
  const ran = await walked(world)
  expect(['a', 'b', 'c'].map((name) => ran.has(imageNamed(name)))).toEqual([true, true, true])
  expect(ran.problems).toEqual([])
})

test('tags by name and by pattern; a named one that is missing is a problem', async () => {
  const world = await worldWith({ repositories: [{ name: 'app', tags: ['1.*', 'latest', '9.9'] }] })
  for (const tag of ['1.0', '1.1', '2.0', 'latest'])
    push(world.registry, 'app', imageNamed(tag), tag)
  const ran = await walked(world)
  expect(['1.0', '1.1', 'latest', '2.0'].map((tag) => ran.has(imageNamed(tag)))).toEqual([
    true,
    true,
    true,
    false,
  ])
  expect(ran.problems.map(({ subject }) => subject)).toEqual(['app:9.9'])
})

test('a tag list that fails costs the patterns, and not the tags by name', async () => {
  const world = await worldWith({ repositories: [{ name: 'app', tags: ['1.0', '2.*'] }] })
  push(world.registry, 'app', imageNamed('1.0'), '1.0')
  world.registry.intercept = (request) =>
    request.url.includes('tags/list') ? new Response('', { status: 403 }) : undefined
  const ran = await walked(world)
  expect(ran.has(imageNamed('1.0'))).toBe(true)
  expect(ran.problems.map(({ subject }) => subject)).toEqual(['app'])
})

test('indexes in indexes are walked, each manifest once', async () => {
  const world = await worldWith()
  const [one, two] = [imageNamed('one'), imageNamed('two')]
  const nested = indexOf([indexOf([one, two]), indexOf([two, one], { form: 'docker' }), one])
  push(world.registry, 'app', nested, '1', '2')
  const ran = await walked(world)
  expect(ran).toMatchObject({ problems: [], manifests: 5 })
  expect(ran.has(nested)).toBe(true)
  const children = asked(world.registry, 'GET', '/manifests/sha256:')
  expect(new Set(children).size).toBe(children.length)
  // Two tags of one manifest are no reason to ask twice what refers to it.
  expect(asked(world.registry, 'GET', '/referrers/').length).toBe(5)
})

test('nine indexes in one another are as deep as it goes', async () => {
  const world = await worldWith({ referrers: false })
  const nest = (depth: number): Image =>
    depth === 0 ? imageNamed('deep') : indexOf([nest(depth - 1)])
  push(world.registry, 'app', nest(8), 'eight')
  expect((await walked(world)).problems).toEqual([])
  push(world.registry, 'app', nest(10), 'ten')
  world.registry.deleteTag('app', 'eight')
  expect((await walked(world)).problems).toEqual([
    {
      subject: expect.stringMatching(/^app@sha256:/),
      message: 'wanted manifests nested 8 deep at most, got more',
    },
  ])
})

test('referrers that refer to one another end', async () => {
  const world = await worldWith()
  const [app, other] = [imageNamed('app'), imageNamed('other')]
  push(world.registry, 'app', app, '1')
  push(world.registry, 'app', other)
  world.registry.intercept = (request) => {
    if (!request.url.includes('/referrers/')) return undefined
    const manifests = [app.descriptor, other.descriptor]
    return Response.json(
      { schemaVersion: 2, manifests },
      { headers: { 'content-type': indexType } },
    )
  }
  const ran = await walked(world)
  expect(ran).toMatchObject({ problems: [], manifests: 2 })
  expect(ran.has(other)).toBe(true)
})

test('signatures by cosign’s tags come along, whatever the patterns', async () => {
  const world = await worldWith({ repositories: [{ name: 'app', tags: ['1.0'] }] })
  const app = imageNamed('app')
  const [signature, stranger] = [signatureOf(app), signatureOf(imageNamed('stranger'))]
  push(world.registry, 'app', app, '1.0')
  push(world.registry, 'app', signature, signatureTag(app))
  push(world.registry, 'app', stranger, signatureTag(imageNamed('stranger')))
  const ran = await walked(world)
  expect([ran.has(signature), ran.has(stranger)]).toEqual([true, false])
  expect(ran.problems).toEqual([])
})

const bill = (subject: Image) =>
  artifactOf({ artifactType: 'sbom', files: [fileOf('text/plain', 'sbom', 'the bill')], subject })

test.for<[string, RegistryOptions, boolean]>([
  ['by the referrers API', { referrers: true }, false],
  ['by the tag that stands in for it', { referrers: false }, true],
])('what refers to a manifest comes along %s', async ([, options, byTag]) => {
  const sync = { repositories: [{ name: 'app', tags: ['1.0'] }], concurrency: 1 }
  const world = await worldWith(sync, options)
  const app = imageNamed('app')
  const image = indexOf([app])
  push(world.registry, 'app', image, '1.0')
  push(world.registry, 'app', bill(app))
  if (byTag) push(world.registry, 'app', indexOf([bill(app)]), referrersTag(app))
  const ran = await walked(world)
  expect(ran.has(bill(app))).toBe(true)
  expect(ran.problems).toEqual([])
  if (byTag) expect(asked(world.registry, 'GET', '/referrers/').length).toBe(1)
})

test('no referrers are asked for where none are wanted', async () => {
  const world = await worldWith({ referrers: false })
  push(world.registry, 'app', imageNamed('app'), '1.0')
  push(world.registry, 'app', bill(imageNamed('app')))
  const ran = await walked(world)
  expect(ran.has(bill(imageNamed('app')))).toBe(false)
  expect(asked(world.registry, 'GET', '/referrers/')).toEqual([])
})

test('a blob that an index lists among its manifests is mirrored as what it is', async () => {
  const world = await worldWith()
  const blob = contentOf('application/x-odd', 'a blob all the same')
  const cache = indexOf([{ ...blob, blobs: [], children: [] }])
  world.registry.putBlob(blob.bytes, { repository: 'app' })
  world.registry.putManifest('app', 'cache', indexType, cache.bytes)
  const ran = await walked(world)
  expect(ran.problems).toEqual([])
  expect(ran.has({ ...cache, blobs: [blob] })).toBe(true)
})

test('a child that is neither manifest nor blob is a problem, and its siblings are walked', async () => {
  const world = await worldWith()
  const [gone, there] = [imageNamed('gone'), imageNamed('there')]
  push(world.registry, 'app', indexOf([gone, there]), '1')
  world.registry.deleteManifest('app', gone.descriptor.digest)
  const ran = await walked(world)
  expect(ran.problems.map(({ subject }) => subject)).toEqual([`app@${gone.descriptor.digest}`])
  expect(ran.has(there)).toBe(true)
})

test('schema 1 gives its layers, sized by HEAD, each once', async () => {
  const world = await worldWith()
  const layer = contentOf('x', 'an old layer')
  world.registry.putBlob(layer.bytes, { repository: 'old' })
  const { digest } = layer.descriptor
  const manifest = { schemaVersion: 1, fsLayers: [{ blobSum: digest }, { blobSum: digest }] }
  const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
  world.registry.putManifest('old', '1', type, Buffer.from(JSON.stringify(manifest)))
  const ran = await walked(world)
  expect(ran.problems).toEqual([])
  expect(ran.has({ ...layer, blobs: [layer], children: [] })).toBe(true)
  expect(asked(world.registry, 'HEAD', digest).length).toBe(1)
})

test.for<[string, string, string]>([
  ['what is no JSON', '<html>', 'wanted JSON in a manifest'],
  ['what has none of the fields', '{"schemaVersion":2}', 'wanted one of config, layers'],
  [
    'a layer without a size',
    '{"layers":[{"digest":"sha256:0"}]}',
    'wanted mediaType, digest and size',
  ],
])('%s is a problem by its name, and the next tag is walked', async ([, text, message]) => {
  const world = await worldWith()
  world.registry.putManifest(
    'app',
    'bad',
    'application/vnd.oci.image.manifest.v1+json',
    Buffer.from(text),
  )
  push(world.registry, 'app', imageNamed('good'), 'good')
  const ran = await walked(world)
  expect(ran.problems).toEqual([{ subject: 'app:bad', message: expect.stringContaining(message) }])
  expect(ran.has(imageNamed('good'))).toBe(true)
})

test('layers from elsewhere are skipped, and said to be', async () => {
  const world = await worldWith()
  const foreign = foreignLayerOf([{ path: 'w', content: 'w' }], ['https://elsewhere.example/'])
  const image = manifestOf(
    'oci',
    contentOf('application/vnd.oci.image.config.v1+json', '{"x":1}'),
    [foreign],
  )
  push(world.registry, 'app', image, '1')
  const ran = await walked(world)
  expect(ran.problems).toEqual([])
  const { digest } = foreign.descriptor
  const why = 'a layer that is fetched from elsewhere'
  expect(ran.events).toContainEqual(
    expect.objectContaining({ step: 'skipped', repository: 'app', digest, why }),
  )
})

test('two sizes for one blob are a problem by name, and the upstream’s is taken', async () => {
  const world = await worldWith({ concurrency: 1 })
  const layer = contentOf('application/vnd.oci.image.layer.v1.tar', 'layer')
  const lie = { ...layer, descriptor: { ...layer.descriptor, size: 999 } }
  const config = contentOf('application/vnd.oci.image.config.v1+json', '{"x":1}')
  push(world.registry, 'app', manifestOf('oci', config, [layer]), '1')
  push(world.registry, 'app', manifestOf('oci', config, [lie]), '2')
  const ran = await walked(world)
  expect(ran.problems).toEqual([
    {
      subject: `app@${layer.descriptor.digest}`,
      message: 'wanted one size of a blob, got 5 in app, 999 in app: the upstream has 5',
    },
  ])
  expect(ran.has(manifestOf('oci', config, [layer]))).toBe(true)
  expect(asked(world.registry, 'HEAD', layer.descriptor.digest).length).toBe(1)
})

test('a blob in two repositories is read once', async () => {
  const world = await worldWith()
  push(world.registry, 'one', imageNamed('same'), '1')
  push(world.registry, 'two', imageNamed('same'), '1')
  await walked(world)
  expect(asked(world.registry, 'GET', '/blobs/').length).toBe(2)
})

test('a name that no upstream answers for is a problem', async () => {
  const world = await worldWith({ repositories: ['app', 'quay/app'] })
  push(world.registry, 'quay/app', imageNamed('app'), '1')
  world.file.upstreams = [{ registry: world.registryUrl, repositories: 'quay' }]
  const ran = await walked(world)
  expect(ran.problems).toEqual([
    { subject: 'app', message: 'wanted an upstream that answers for it, got none' },
  ])
  expect(ran.has(imageNamed('app'))).toBe(true)
})

test('an upstream without a catalog is a problem, and the names are walked', async () => {
  const world = await worldWith({ repositories: [{ name: '*' }, 'app'] })
  push(world.registry, 'app', imageNamed('app'), '1')
  world.registry.intercept = (request) =>
    request.url.includes('_catalog') ? new Response('', { status: 401 }) : undefined
  const ran = await walked(world)
  expect(ran.problems.map(({ subject }) => subject)).toEqual([world.registryUrl, '*'])
  expect(ran.has(imageNamed('app'))).toBe(true)
})

test('an upstream whose names a pattern cannot match is not asked for its catalog', async () => {
  const world = await worldWith({ repositories: [{ name: 'team/*' }] })
  push(world.registry, 'team/app', imageNamed('app'), '1')
  world.file.upstreams.push({ registry: 'http://127.0.0.1:1', repositories: 'quay' })
  expect((await walked(world)).problems).toEqual([])
})

test('referrers that cannot be had are a problem, and the image is walked', async () => {
  const world = await worldWith()
  const app = imageNamed('app')
  push(world.registry, 'app', app, '1')
  world.registry.intercept = (request) =>
    request.url.includes('/referrers/') ? new Response('', { status: 403 }) : undefined
  const ran = await walked(world)
  expect(ran.problems.map(({ subject }) => subject)).toEqual(['what refers to app:1'])
  expect(ran.has(app)).toBe(true)
})

test('a blob listed as a manifest that has another size is a problem', async () => {
  const world = await worldWith()
  const blob = contentOf('application/x-odd', 'a blob all the same', { size: 3 })
  const cache = indexOf([{ ...blob, blobs: [], children: [] }])
  world.registry.putBlob(blob.bytes, { repository: 'app' })
  world.registry.putManifest('app', 'cache', indexType, cache.bytes)
  expect((await walked(world)).problems).toEqual([
    { subject: `app@${blob.descriptor.digest}`, message: 'wanted 3 bytes, got 19' },
  ])
})

test('a layer of schema 1 that is gone is a problem by name', async () => {
  const world = await worldWith()
  const digest = `sha256:${'ab'.repeat(32)}`
  const type = 'application/vnd.docker.distribution.manifest.v1+json'
  const manifest = { schemaVersion: 1, fsLayers: [{ blobSum: digest }] }
  world.registry.putManifest('old', '1', type, Buffer.from(JSON.stringify(manifest)))
  const ran = await walked(world)
  expect(ran.problems.map(({ subject }) => subject)).toEqual([`old@${digest}`])
})

test('a pattern of tags that matches none is a problem where the repository is named', async () => {
  const world = await worldWith({
    repositories: [
      { name: 'app', tags: ['v9.*', '1.*'] },
      { name: 'a*', tags: ['v8.*'] },
      { name: 'empty', tags: ['*'] },
    ],
  })
  push(world.registry, 'app', imageNamed('app'), '1.0')
  push(world.registry, 'empty', imageNamed('gone'), '1')
  world.registry.deleteTag('empty', '1')
  const ran = await walked(world)
  expect(ran.problems).toEqual([
    { subject: 'app:v9.*', message: 'wanted a tag that matches, got none' },
  ])
})
