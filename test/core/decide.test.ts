import { expect, test } from 'vitest'
import type { Holding } from '../../src/core/policy.ts'
import { decide } from '../../src/core/decide.ts'
import { withoutMirrors } from '../../src/core/policy.ts'
import { reasons } from '../../src/core/reason.ts'
import { parseRequest } from '../../src/core/request.ts'
import { at, blobDigest, knowingPolicy, mirrorIds, presenceOf, worldPolicy } from './world.ts'

const all: Record<string, Holding> = Object.fromEntries(mirrorIds.map((id) => [id, 'present']))
const path = `/v2/images/app/blobs/${blobDigest}`

type Row = [name: string, client: string, holdings: Record<string, Holding>, answer: string]

test.for<Row>([
  [
    'a client in a mirrored region goes to that mirror',
    'aws/eu-west-1',
    all,
    'aws/eu-west-1 in-region',
  ],
  [
    'a client in another region goes to the nearest mirror',
    'aws/eu-west-3',
    all,
    'aws/eu-west-1 nearest',
  ],
  ['a client overseas goes to the nearest mirror', 'aws/sa-east-1', all, 'aws/us-east-1 nearest'],
  [
    'what the own region lacks comes from the nearest that has it',
    'aws/eu-west-1',
    { 'aws/us-east-1': 'present' },
    'aws/us-east-1 nearest',
  ],
  ['China goes to China', 'aws/cn-northwest-1', all, 'aws/cn-north-1 nearest'],
  [
    'China never goes to a bucket outside',
    'aws/cn-northwest-1',
    { ...all, 'aws/cn-north-1': 'absent' },
    'upstream not-mirrored',
  ],
  ['GovCloud never goes to a bucket outside', 'aws/us-gov-west-1', all, 'upstream no-mirror'],
  ['nor does the European sovereign partition', 'aws/eusc-de-east-1', all, 'upstream no-mirror'],
  [
    'nobody outside goes to a bucket in China',
    'aws/ap-east-1',
    { 'aws/cn-north-1': 'present' },
    'upstream not-mirrored',
  ],
  ['a client in the upstream’s cloud stays there', 'gcp/us-central1', all, 'upstream same-cloud'],
  ['also where its cloud names no region', 'gcp/global', all, 'upstream same-cloud'],
  ['AWS without a region is in no region’s favour', 'aws/GLOBAL', all, 'upstream no-mirror'],
  ['a region nobody knows is near to nothing', 'aws/xx-new-1', all, 'upstream no-mirror'],
  ['a cloud without mirrors gets the upstream', 'azure/westeurope', all, 'upstream no-mirror'],
  ['a client nowhere known gets the upstream', 'nowhere', all, 'upstream no-location'],
  [
    'a blob that no mirror holds comes from the upstream',
    'aws/eu-west-1',
    {},
    'upstream not-mirrored',
  ],
  [
    'a mirror that says nothing counts as one without',
    'aws/eu-west-1',
    { 'aws/eu-west-1': 'failed' },
    'upstream unhealthy',
  ],
  [
    'when one says nothing the next is taken',
    'aws/eu-west-1',
    { ...all, 'aws/eu-west-1': 'failed' },
    'aws/us-east-1 nearest',
  ],
  [
    'who must be asked is asked',
    'aws/eu-west-1',
    { 'aws/eu-west-1': 'unknown' },
    'ask aws/eu-west-1',
  ],
])('%s', ([, client, holdings, answer]) => {
  expect(answerOf(path, client, worldPolicy(), presenceOf(holdings))).toBe(answer)
})

test.for<Row>([
  ['everyone else goes elsewhere', 'nowhere', all, 'r2/global elsewhere'],
  ['also a cloud without mirrors', 'azure/westeurope', all, 'r2/global elsewhere'],
  ['also a region nobody knows', 'aws/xx-new-1', all, 'r2/global elsewhere'],
  ['a mirror in the own region comes first', 'aws/eu-west-1', all, 'aws/eu-west-1 in-region'],
  [
    'after the near ones comes elsewhere',
    'aws/eu-west-1',
    { 'r2/global': 'present' },
    'r2/global elsewhere',
  ],
  ['the upstream’s own cloud stays there', 'gcp/us-central1', all, 'upstream same-cloud'],
  ['GovCloud goes nowhere outside', 'aws/us-gov-west-1', all, 'upstream no-mirror'],
  [
    'a new region of GovCloud goes nowhere outside',
    'aws/us-gov-north-1',
    all,
    'upstream no-mirror',
  ],
  ['a new region of China goes nowhere outside', 'aws/cn-south-1', all, 'upstream no-mirror'],
])('with a mirror for elsewhere: %s', ([, client, holdings, answer]) => {
  const policy = worldPolicy({ elsewhere: 'r2/global' })
  expect(answerOf(path, client, policy, presenceOf(holdings))).toBe(answer)
})

test.for<Row>([
  ['to a mirror', 'aws/eu-west-3', all, 'aws/us-east-1 configured'],
  ['to the upstream', 'aws/us-east-1', all, 'upstream configured'],
  ['out of the upstream’s cloud', 'gcp/us-central1', all, 'r2/global configured'],
  [
    'to a mirror that lacks the blob, so to the upstream',
    'aws/eu-west-3',
    {},
    'upstream not-mirrored',
  ],
  ['and nobody else is moved', 'aws/eu-west-1', all, 'aws/eu-west-1 in-region'],
])('the configuration sends a region %s', ([, client, holdings, answer]) => {
  const policy = worldPolicy({
    overrides: {
      'aws/eu-west-3': 'aws/us-east-1',
      'aws/us-east-1': 'upstream',
      'gcp/us-central1': 'r2/global',
    },
  })
  expect(answerOf(path, client, policy, presenceOf(holdings))).toBe(answer)
})

test('a location has one route, also as another object of the same names', () => {
  const policy = worldPolicy()
  const [one, same] = [at('aws/eu-west-3')!, at('aws/eu-west-3')!]
  const route = policy.route(one)
  expect(route.candidates[0]?.mirror.id).toBe('aws/eu-west-1')
  expect(policy.route(same)).toBe(route)
  expect(policy.route(one)).toBe(route)
  expect(policy.route(at('aws/us-east-1'))).not.toBe(route)
})

test('with no index a blob comes from the upstream', () => {
  expect(answerOf(path, 'aws/eu-west-1', worldPolicy(), undefined)).toBe('upstream no-index')
})

test('a blob that is no SHA-256 comes from the upstream', () => {
  const other = `/v2/images/app/blobs/sha512:${'a'.repeat(128)}`
  expect(answerOf(other, 'aws/eu-west-1', worldPolicy(), presenceOf(all))).toBe(
    'upstream not-mirrored',
  )
})

test('two mirrors in one region are tried in the order of the configuration', () => {
  const ids = ['aws/eu-west-1', 'aws/eu-west-1/second']
  const policy = worldPolicy({ ids })
  const both = presenceOf({ 'aws/eu-west-1': 'present', 'aws/eu-west-1/second': 'present' })
  const second = presenceOf({ 'aws/eu-west-1/second': 'present' })
  expect(answerOf(path, 'aws/eu-west-1', policy, both)).toBe('aws/eu-west-1 in-region')
  expect(answerOf(path, 'aws/eu-west-1', policy, second)).toBe('aws/eu-west-1/second in-region')
})

test('a HEAD is answered here where the size is known, wherever the client is', () => {
  const request = parseRequest('HEAD', path)
  const known = decide(request, at('gcp/us-central1'), worldPolicy(), presenceOf({}, 0))
  expect(known).toEqual({ action: 'size', reason: 'known-size', sizeBytes: 0 })
  const unknown = decide(request, at('aws/eu-west-1'), worldPolicy(), presenceOf(all))
  expect(unknown).toMatchObject({ action: 'mirror' })
})

test.for<[string, string, object]>([
  ['the base is answered here', '/v2/', { action: 'version', reason: 'version' }],
  [
    'manifests come from the upstream',
    '/v2/images/app/manifests/1',
    { action: 'upstream', reason: 'manifest' },
  ],
  ['tags are relayed', '/v2/images/app/tags/list', { action: 'relay', reason: 'listing' }],
  [
    'referrers are relayed',
    `/v2/images/app/referrers/${blobDigest}`,
    { action: 'relay', reason: 'listing' },
  ],
  ['what is not understood is refused', '/v1/', { action: 'refuse', reason: 'refused' }],
  [
    'a repository of no upstream is refused so that clients go on to their next host',
    '/v2/other/manifests/1',
    { action: 'refuse', refusal: { kind: 'refusal', status: 404, code: 'NAME_UNKNOWN' } },
  ],
  [
    'an upstream’s prefix is whole segments',
    '/v2/imagesque/manifests/1',
    { action: 'refuse', refusal: { status: 404 } },
  ],
])('%s', ([, target, wanted]) => {
  expect(decide(parseRequest('GET', target), undefined, worldPolicy(), undefined)).toMatchObject(
    wanted,
  )
})

test.for(['aws/eu-west-1', 'gcp/us-central1', 'nowhere'])(
  'a client in %s that opted out gets the upstream, whatever the rules say',
  (client) => {
    const policy = withoutMirrors(worldPolicy({ elsewhere: 'r2/global' }))
    expect(answerOf(path, client, policy, presenceOf(all))).toBe('upstream opted-out')
  },
)

test('every reason is given by some decision', () => {
  const policy = worldPolicy({ elsewhere: 'r2/global', overrides: { 'aws/us-east-1': 'upstream' } })
  const plain = worldPolicy()
  const given = new Set<string>()
  const note = (
    target: string,
    client: string,
    use = plain,
    presence = presenceOf(all),
    method = 'GET',
  ) => {
    const decision = decide(parseRequest(method, target), at(client), use, presence)
    if (decision.action !== 'ask' && decision.action !== 'ask-upstream') {
      given.add(decision.reason)
    }
  }
  for (const client of [
    'aws/eu-west-1',
    'aws/eu-west-3',
    'nowhere',
    'gcp/us-west1',
    'aws/us-east-1',
  ]) {
    note(path, client, policy)
  }
  for (const client of ['nowhere', 'azure/westus']) note(path, client)
  note(path, 'aws/eu-west-1', withoutMirrors(plain))
  for (const target of ['/v2/', '/', '/v2/team/a/manifests/1', '/v2/team/a/tags/list'])
    note(target, 'nowhere')
  note(path, 'aws/eu-west-1', plain, presenceOf({}))
  note(path, 'aws/eu-west-1', plain, presenceOf({ 'aws/eu-west-1': 'failed' }))
  note(path, 'aws/eu-west-1', plain, presenceOf(all, 1), 'HEAD')
  const spent = { isOut: () => true, mayGoOn: () => false }
  const out = { ...presenceOf({ 'aws/eu-west-1': 'failed' }), failover: spent }
  note(path, 'aws/eu-west-1', plain, out)
  note(path, 'aws/eu-west-1', knowingPolicy('closed'))
  const none = decide(parseRequest('GET', path), at('aws/eu-west-1'), plain, undefined)
  expect(none).toMatchObject({ reason: 'no-index' })
  given.add('no-index')
  // A manifest that is kept, of which only the memory knows.
  for (const reason of ['known-manifest', 'stale']) given.add(reason)
  expect([...given].toSorted()).toEqual([...reasons].toSorted())
})

function answerOf(
  target: string,
  client: string,
  policy: ReturnType<typeof worldPolicy>,
  presence: ReturnType<typeof presenceOf> | undefined,
): string {
  const decision = decide(parseRequest('GET', target), at(client), policy, presence)
  switch (decision.action) {
    case 'mirror':
      return `${decision.mirror.id} ${decision.reason}`
    case 'ask':
      return `ask ${decision.mirror.id}`
    case 'ask-upstream':
      return `ask ${decision.upstream.registry}`
    default:
      return `${decision.action} ${decision.reason}`
  }
}
