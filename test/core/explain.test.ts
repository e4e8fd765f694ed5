import { expect, test } from 'vitest'
import { explainRequest } from '../../src/core/explain.ts'
import { at, blobDigest, presenceOf, worldPolicy } from './world.ts'

const path = `/v2/images/app/blobs/${blobDigest}`

test('every step to a mirror is told', () => {
  const presence = presenceOf({ 'aws/us-east-1': 'present' }, 7)
  const told = explainRequest('GET', path, at('aws/eu-west-1'), worldPolicy(), presence)
  expect(told).toMatchObject({ decision: { action: 'mirror', reason: 'nearest' } })
  expect(stepsOf(told)).toEqual([
    'client: aws/eu-west-1',
    'request: blob',
    'upstream of images/app: https://upstream.example',
    'route: by the rules',
    'aws/eu-west-1 (in-region): absent',
    'aws/us-east-1 (nearest): present',
  ])
})

type Row = [name: string, method: string, target: string, client: string, lastStep: string]

test.for<Row>([
  ['a client nowhere known', 'GET', path, 'nowhere', 'mirrors that may serve this client: none'],
  ['a client in the upstream’s cloud', 'GET', path, 'gcp/us-west1', 'upstream: it is in gcp too'],
  ['a known size', 'HEAD', path, 'aws/eu-west-1', 'size: 7'],
  [
    'a digest that is not mirrored',
    'GET',
    `/v2/team/blobs/sha512:${'a'.repeat(128)}`,
    'nowhere',
    'digest: not a SHA-256, so no mirror holds it',
  ],
  [
    'a refusal',
    'GET',
    '/v1/',
    'nowhere',
    'request: refused with 404 NAME_UNKNOWN: nothing is served at "/v1/"',
  ],
  ['no upstream', 'GET', '/v2/x/manifests/1', 'nowhere', 'upstream of x: none'],
  ['a list', 'GET', '/v2/team/tags/list', 'nowhere', 'upstream of team: https://team.example'],
  ['the base', 'GET', '/v2/', 'nowhere', 'request: version'],
])(
  'the steps to an answer end with what decided it: %s',
  ([, method, target, client, lastStep]) => {
    const told = explainRequest(method, target, at(client), worldPolicy(), presenceOf({}, 7))
    expect(stepsOf(told).at(-1)).toBe(lastStep)
  },
)

test('a missing index is told', () => {
  const told = explainRequest('HEAD', path, at('aws/eu-west-1'), worldPolicy(), undefined)
  expect(stepsOf(told).slice(-3)).toEqual([
    'size: not known here',
    'route: by the rules',
    'index: none',
  ])
})

test('a region that the configuration names is told', () => {
  const policy = worldPolicy({ overrides: { 'aws/eu-west-1': 'r2/global' } })
  const told = explainRequest('GET', path, at('aws/eu-west-1'), policy, presenceOf({}))
  expect(stepsOf(told)).toContain('route: named in the configuration')
})

test('what must be asked first is not yet told', () => {
  const presence = presenceOf({ 'aws/eu-west-1': 'unknown' })
  expect(explainRequest('GET', path, at('aws/eu-west-1'), worldPolicy(), presence)).toMatchObject({
    kind: 'ask',
    mirror: { id: 'aws/eu-west-1' },
  })
})

test('an upstream that knows its clients is asked, and what it says is told', () => {
  const policy = worldPolicy()
  const upstreams = policy.upstreams.map((each) => ({ ...each, clientCredentials: true }))
  const presence = presenceOf({ 'aws/eu-west-1': 'present' })
  const tellWith = (openness: 'open' | 'unknown') => {
    const use = { ...policy, upstreams, openness: () => openness }
    return explainRequest('GET', path, at('aws/eu-west-1'), use, presence)
  }
  expect(tellWith('unknown')).toMatchObject({ kind: 'ask', action: 'ask-upstream' })
  expect(stepsOf(tellWith('open'))).toContain('repository: anyone may read it')
})

function stepsOf(told: ReturnType<typeof explainRequest>): readonly string[] {
  return told.kind === 'explained' ? told.steps : []
}
