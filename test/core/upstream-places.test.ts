import { expect, test } from 'vitest'
import regions from '../../data/regions.json' with { type: 'json' }
import { decide } from '../../src/core/decide.ts'
import { createRegions } from '../../src/core/regions.ts'
import { parseRequest } from '../../src/core/request.ts'
import { createUpstreamPlaces } from '../../src/core/upstream-places.ts'
import { at, blobDigest, presenceOf, worldPolicy } from './world.ts'

const table = createRegions(regions.regions)
const upstream = {
  repositories: '',
  registry: 'https://us.example',
  cloud: 'gcp',
  region: 'us-central1',
  namespace: 'images',
  signatures: 'https://all.example',
  addresses: [
    { registry: 'https://eu.example', cloud: 'gcp', region: 'europe-west1' },
    { registry: 'https://own.example' },
    { registry: 'https://asia.example', cloud: 'aws', region: 'ap-northeast-1' },
  ],
}

type Row = [name: string, client: string, down: readonly string[], wanted: string]

test.for<Row>([
  ['a client in the region of one gets that', 'gcp/europe-west1', [], 'eu us asia own'],
  ['a client in another cloud gets the nearest', 'aws/eu-west-1', [], 'eu us asia own'],
  ['also in the region of another', 'aws/ap-northeast-1', [], 'asia eu us own'],
  ['a client nowhere known gets the first', 'nowhere', [], 'us eu own asia'],
  ['so does one in a region that nobody knows', 'aws/xx-new-1', [], 'us eu own asia'],
  ['one that is down is left out', 'aws/eu-west-1', ['eu'], 'us eu asia own'],
  [
    'where all are down the nearest is asked',
    'aws/eu-west-1',
    ['us', 'eu', 'own', 'asia'],
    'eu us asia own',
  ],
])('%s', ([, client, down, wanted]) => {
  const places = createUpstreamPlaces(table, (registry) => !down.includes(nameOf(registry)))
  const place = places(upstream, at(client))
  const others = place.others!.map(({ registry }) => nameOf(registry))
  expect([nameOf(place.registry), ...others].join(' ')).toBe(wanted)
  expect(place).toMatchObject({ repositories: '', namespace: 'images' })
  // The order is worked out once.
  expect(places(upstream, at(client))).toBe(place)
})

test('an upstream of one address is asked there', () => {
  const places = createUpstreamPlaces(table, () => false)
  const one = { ...upstream, addresses: [] }
  expect(places(one, at('aws/eu-west-1'))).toBe(one)
  const { addresses: _, ...plain } = upstream
  expect(places(plain, undefined)).toBe(plain)
})

const hex = 'a'.repeat(64)

test.for<[string, string, string]>([
  ['a blob', `blobs/${blobDigest}`, 'eu'],
  ['a manifest by tag', 'manifests/1.0', 'eu'],
  ['a manifest by digest', `manifests/sha256:${hex}`, 'eu'],
  ['a list of tags', 'tags/list', 'eu'],
  ['a list of referrers', `referrers/sha256:${hex}`, 'all'],
  ['cosign’s signature', `manifests/sha256-${hex}.sig`, 'all'],
  ['cosign’s attestation', `manifests/sha256-${hex}.att`, 'all'],
  ['cosign’s bill of materials', `manifests/sha256-${hex}.sbom`, 'all'],
  ['the tag of referrers', `manifests/sha256-${hex}`, 'all'],
  ['a tag that only begins so', `manifests/sha256-${hex}.signature`, 'eu'],
])('%s is asked where it is', ([, rest, wanted]) => {
  const places = createUpstreamPlaces(table, () => true)
  const policy = { ...worldPolicy(), upstreams: [upstream], places }
  const request = parseRequest('GET', `/v2/app/${rest}`)
  const steps: string[] = []
  const tell = (step: string) => steps.push(step)
  const decision = decide(request, at('gcp/europe-west1'), policy, presenceOf({}), tell)
  expect(decision).toMatchObject({ upstream: { registry: `https://${wanted}.example` } })
  expect(steps).toContain(`its address for this request: https://${wanted}.example`)
})

test('without a place of their own, signatures are where all else is', () => {
  const policy = { ...worldPolicy(), upstreams: [{ ...upstream, signatures: undefined }] }
  const request = parseRequest('GET', `/v2/app/referrers/sha256:${hex}`)
  const decision = decide(request, undefined, policy, undefined)
  expect(decision).toMatchObject({ upstream: { registry: 'https://us.example' } })
})

function nameOf(registry: string): string {
  return registry.slice('https://'.length, -'.example'.length)
}
