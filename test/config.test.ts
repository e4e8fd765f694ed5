import { expect, test } from 'vitest'
import { configJsonSchema, parseConfig } from '../src/config.ts'
import { ConfigError } from '../src/config/error.ts'
import { upstreamUrl } from '../src/core/upstream.ts'

const upstreams = [{ registry: 'https://registry.example' }]

test('an upstream alone is a configuration, with every default filled in', () => {
  expect(parse({ upstreams })).toMatchObject({
    upstreams: [{ repositories: '', registry: 'https://registry.example', namespace: '' }],
    mirrors: [],
    overrides: {},
    elsewhere: 'upstream',
    presence: 'index',
    clientAddress: { kind: 'socket' },
    port: 8080,
    adminPort: 9090,
    adminHost: '127.0.0.1',
  })
})

test('the configuration of the design is one', () => {
  const config = parse({
    upstreams: [
      {
        repositories: '',
        registry: 'https://us-central1-docker.pkg.dev',
        namespace: 'k8s-artifacts-prod/images',
        cloud: 'gcp',
        mode: 'redirect',
      },
    ],
    mirrors: [
      { id: 'aws/us-east-1', bucket: 'prod-registry-us-east-1' },
      {
        id: 'aws/eu-west-1',
        bucket: 'images',
        endpoint: 'http://127.0.0.1:9000',
        forcePathStyle: true,
        publicUrl: 'http://127.0.0.1:9000/images',
      },
    ],
    regions: { 'aws/eu-west-3': 'aws/eu-west-1', 'aws/cn-north-1': 'upstream' },
    elsewhere: 'upstream',
    clientAddress: { header: 'X-Forwarded-For', fromRight: 2 },
    presence: 'index',
  })
  expect(config.clientAddress).toEqual({ kind: 'header', header: 'x-forwarded-for', fromRight: 2 })
  expect(config.mirrors.map(({ publicUrl }) => publicUrl)).toEqual([
    'https://prod-registry-us-east-1.s3.dualstack.us-east-1.amazonaws.com',
    'http://127.0.0.1:9000/images',
  ])
  expect(config.mirrors[0]!.store.signingRegion).toBe('us-east-1')
})

test.for<[string, object, object]>([
  [
    'a profile fills in what it knows',
    { profile: 'docker-hub' },
    { registry: 'https://registry-1.docker.io', mode: 'relay', library: true },
  ],
  [
    'of a registry that is in one cloud, that too',
    { profile: 'gcr' },
    { registry: 'https://gcr.io', mode: 'redirect', cloud: 'gcp' },
  ],
  [
    'keys beside a profile win',
    { profile: 'gcr', registry: 'https://eu.gcr.io', mode: 'relay', cloud: 'aws' },
    { registry: 'https://eu.gcr.io', mode: 'relay', cloud: 'aws' },
  ],
  [
    'with no profile clients are redirected',
    { registry: 'https://a.example' },
    { registry: 'https://a.example', mode: 'redirect', cloud: undefined, library: undefined },
  ],
])('%s', ([, upstream, wanted]) => {
  expect(parse({ upstreams: [upstream] }).upstreams[0]).toMatchObject(wanted)
})

test('a profile says where an image is, to whoever asks for it', () => {
  const [upstream] = parse({ upstreams: [{ profile: 'docker-hub' }] }).upstreams
  expect(upstreamUrl(upstream!, 'alpine', 'manifests/3')).toBe(
    'https://registry-1.docker.io/v2/library/alpine/manifests/3',
  )
})

test('a cloud that a profile knows need not be said for what pays', () => {
  const mirror = { id: 'aws/us-east-1', bucket: 'b', holds: 'what-pays' }
  const sync = { traffic: ['events.log'] }
  expect(() => parse({ upstreams: [{ profile: 'mcr' }], mirrors: [mirror], sync })).not.toThrow()
})

test('names of an upstream’s own count in lower case, and drop its prefix', () => {
  const upstream = {
    registry: 'https://registry.example',
    repositories: 'hub',
    hosts: ['Docker.IO'],
  }
  const config = parse({ upstreams: [upstream, ...upstreams] })
  expect(config.upstreams[0]).toMatchObject({ hosts: ['docker.io'], dropPrefix: true })
  expect(config.upstreams[1]).toMatchObject({ hosts: [], dropPrefix: false })
  const kept = parse({ upstreams: [{ ...upstream, dropPrefix: false }] })
  expect(kept.upstreams[0]).toMatchObject({ dropPrefix: false })
})

test('repositories to sync may be named by a pattern alone', () => {
  const { sync } = parse({
    upstreams,
    sync: { repositories: ['team/*', { name: 'app', tags: ['v*'] }] },
  })
  expect(sync.repositories).toEqual([
    { name: 'team/*', tags: ['*'] },
    { name: 'app', tags: ['v*'] },
  ])
})

test.for<[string, object, string]>([
  ['path style', { forcePathStyle: true }, 'http://s3.example/b'],
  ['virtual hosts', {}, 'http://b.s3.example'],
  ['an address of its own', { publicUrl: 'https://cdn.example/x/' }, 'https://cdn.example/x'],
])('clients read a mirror with an endpoint by %s', ([, settings, publicUrl]) => {
  const mirror = { id: 'r2/global', bucket: 'b', endpoint: 'http://s3.example', ...settings }
  expect(parse({ upstreams, mirrors: [mirror] }).mirrors[0]!.publicUrl).toBe(publicUrl)
})

test('prices of one’s own stand above the list prices, and the others stay', () => {
  const { prices } = parse({
    upstreams,
    prices: { clouds: { gcp: { internet: [{ from: ['us-east1'], perGb: '0.01' }] } } },
  })
  const of = (region: string) => prices.egressPrice({ cloud: 'gcp', region }, 'internet')
  expect(of('us-east1')).toMatchObject({ nanodollars: 10_000_000n, source: 'configuration' })
  expect(of('us-central1')).toMatchObject({ nanodollars: 120_000_000n })
})

test('the longest prefix comes first', () => {
  const registry = 'https://registry.example'
  const prefixes = ['', 'team/app', 'team'].map((repositories) => ({ repositories, registry }))
  expect(parse({ upstreams: prefixes }).upstreams.map((each) => each.repositories)).toEqual([
    'team/app',
    'team',
    '',
  ])
})

test.for<[string, object, string]>([
  ['nothing at all', {}, 'upstreams: wanted an array, got nothing'],
  ['no upstream', { upstreams: [] }, 'upstreams: wanted something that is not empty, got []'],
  [
    'an upstream with a path',
    { upstreams: [{ registry: 'https://a.example/b' }] },
    'upstreams[0].registry: wanted scheme and host alone',
  ],
  [
    'an upstream by another protocol',
    { upstreams: [{ registry: 'ftp://a.example' }] },
    'upstreams[0].registry: wanted an http or https address with no user and no query, got "ftp://a.example"',
  ],
  [
    'a mode that is not there',
    { upstreams: [{ registry: 'https://a.example', mode: 'cache' }] },
    'upstreams[0].mode: wanted "redirect" or "relay", got "cache"',
  ],
  [
    'an upstream that is nowhere',
    { upstreams: [{}] },
    'upstreams[0].registry: wanted the address of a registry, or a profile that has one, got nothing',
  ],
  [
    'a profile of registries that are many',
    { upstreams: [{ profile: 'harbor' }] },
    'upstreams[0].registry: wanted the address of a registry, or a profile that has one, got nothing',
  ],
  [
    'a profile that is not there',
    { upstreams: [{ profile: 'dockerhub' }] },
    'upstreams[0].profile: wanted "docker-hub" or "ghcr" or',
  ],
  [
    'a realm that is no host',
    { upstreams, relay: { realms: ['https://auth.example'] } },
    'relay.realms[0]: wanted a host, with a port or without, got "https://auth.example"',
  ],
  [
    'a mirror that holds what pays, before a registry that is in no one cloud',
    {
      upstreams: [{ profile: 'ghcr' }],
      mirrors: [{ id: 'aws/us-east-1', bucket: 'b', holds: 'what-pays' }],
    },
    'upstreams[0].cloud: wanted it said',
  ],
  [
    'a price that is none',
    { upstreams, prices: { clouds: { gcp: { internet: [{ perGb: 0.1 }] } } } },
    'prices.clouds.gcp.internet[0].perGb: wanted dollars as a text like "0.09", or null, got 0.1',
  ],
  ['prices that are no object', { upstreams, prices: [] }, 'prices: wanted an object'],
  [
    'a region with a slash',
    { upstreams: [{ registry: 'https://a.example', cloud: 'gcp', region: 'gcp/us' }] },
    'upstreams[0].region: wanted the name of a region of its cloud, got "gcp/us"',
  ],
  [
    'a range that is none',
    { upstreams, optOut: { addresses: ['10.0.0.0'] } },
    'optOut.addresses[0]: wanted a range such as 203.0.113.0/24 or 2001:db8::/32, got 10.0.0.0',
  ],
  ['a misspelt key', { upstreams, mirors: [] }, 'the whole: wanted none of these keys: mirors'],
  [
    'a mirror’s id',
    { upstreams, mirrors: [{ id: 'aws', bucket: 'b' }] },
    'mirrors[0].id: wanted <cloud>/<region>',
  ],
  [
    'a mirror nobody can read',
    { upstreams, mirrors: [{ id: 'r2/global', bucket: 'b' }] },
    'mirrors[0].publicUrl: wanted the address clients read r2/global from, got none',
  ],
  [
    'a mirror that is there twice',
    { upstreams, mirrors: [1, 2].map(() => ({ id: 'aws/eu-west-1', bucket: 'b' })) },
    'mirrors[1].id: wanted each id once, got aws/eu-west-1 again',
  ],
  [
    'a prefix that is there twice',
    { upstreams: [...upstreams, ...upstreams] },
    'upstreams[1].repositories: wanted each prefix once, got "" again',
  ],
  [
    'an index that is kept where sync publishes it',
    { upstreams, index: { directory: '/srv/index', keptIn: '/srv/index' } },
    'index.keptIn: wanted another folder than index.directory, got /srv/index again',
  ],
  [
    'a name of two upstreams',
    {
      upstreams: [
        { registry: 'https://a.example', repositories: 'a', hosts: ['docker.io'] },
        { registry: 'https://b.example', repositories: 'b', hosts: ['b.example', 'Docker.io'] },
      ],
    },
    'upstreams[1].hosts: wanted each name once, got docker.io again',
  ],
  [
    'a name that is an address',
    { upstreams: [{ registry: 'https://a.example', hosts: ['https://docker.io'] }] },
    'upstreams[0].hosts[0]: wanted the name of a registry, with a port or without, as in docker.io',
  ],
  [
    'another address with a path',
    {
      upstreams: [
        { registry: 'https://a.example', addresses: [{ registry: 'https://b.example/x' }] },
      ],
    },
    'upstreams[0].addresses[0].registry: wanted scheme and host alone',
  ],
  [
    'a key template without a hash',
    { upstreams, mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', keyTemplate: 'x' }] },
    'mirrors[0].keyTemplate: wanted {hex} somewhere',
  ],
  [
    'elsewhere without a mirror',
    { upstreams, elsewhere: 'aws/eu-west-1' },
    'elsewhere: wanted upstream, as there are no mirrors, got aws/eu-west-1',
  ],
  [
    'a region sent to no mirror',
    { upstreams, regions: { 'aws/eu-west-3': 'aws/eu-west-1' } },
    'regions["aws/eu-west-3"]: wanted upstream, as there are no mirrors, got aws/eu-west-1',
  ],
  [
    'a region of no cloud',
    { upstreams, regions: { moon: 'upstream' } },
    'regions: wanted <cloud>/<region> as a key, got "moon"',
  ],
  [
    'a source of addresses',
    { upstreams, clientAddress: 'sockets' },
    'clientAddress: wanted "socket" or an object, got "sockets"',
  ],
  [
    'a place in a header',
    { upstreams, clientAddress: { header: 'x-forwarded-for', fromRight: 0 } },
    'clientAddress.fromRight: wanted 1 or more, got 0',
  ],
  [
    'a password in an address, which is not printed',
    { upstreams: [{ registry: 'https://me:secret@a.example' }] },
    'upstreams[0].registry: wanted an http or https address with no user and no query, got "https://…@a.example"',
  ],
  [
    'a place that is named beside another mistake',
    { upstreams, port: 'x', elsewhere: 'aws/x-1' },
    'elsewhere: wanted upstream, as there are no mirrors, got aws/x-1',
  ],
  [
    'an address of an endpoint that takes no bucket in front',
    { upstreams, mirrors: [{ id: 'r2/global', bucket: 'b', endpoint: 'http://127.0.0.1:9' }] },
    'mirrors[0].publicUrl: wanted an address, got http://b.127.0.0.1:9',
  ],
  ['a port', { upstreams, port: 99_999 }, 'port: wanted at most 65535, got 99999'],
  [
    'a repository',
    { upstreams, sync: { repositories: ['Team'] } },
    'sync.repositories[0]: wanted the name of a repository',
  ],
])('refused, with where it is and what was wanted: %s', ([, json, problem]) => {
  expect(problemsOf(json).join('\n')).toContain(problem)
})

test('every problem is told at once', () => {
  const problems = problemsOf({
    upstreams: [{ registry: 'x', namespace: 'A' }],
    mirrors: [1, 2].map(() => ({ id: 'r2/global', bucket: 'b' })),
    elsewhere: 'aws/eu-west-1',
    presence: 'guess',
    drainSeconds: -1,
  })
  expect(problems.map((each) => each.split(':')[0])).toEqual([
    'upstreams[0].registry',
    'upstreams[0].namespace',
    'mirrors[0].publicUrl',
    'mirrors[1].publicUrl',
    'presence',
    'drainSeconds',
    'mirrors[1].id',
    'elsewhere',
  ])
})

test('the published schema is the one that is checked', async () => {
  // `npx vitest run -u test/config.test.ts` writes it anew.
  const schema = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
  await expect(schema).toMatchFileSnapshot('../nearport.schema.json')
})

function parse(json: object) {
  return parseConfig(json, 'nearport.json')
}

function problemsOf(json: object): readonly string[] {
  try {
    parse(json)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('wanted the configuration to be refused')
}
