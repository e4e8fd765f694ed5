import { expect, test } from 'vitest'
import { explainRequest } from '../../src/core/explain.ts'
import { at, blobDigest, presenceOf, worldPolicy } from './world.ts'

const path = `/v2/images/app/blobs/${blobDigest}`

test('every step to a mirror is told', () => {
  const presence = presenceOf({ 'aws/us-east-1': 'present' }, 7)
  const told = explainRequest('GET', path, at('aws/eu-west-1'), worldPolicy(), presence)
  expect(told).toMatchObject({ decision: { action: 'mirror', reason: 'nearest' } })
  expect(told.kind === 'explained' && told.steps).toEqual([
    'client: aws/eu-west-1',
    'request: blob',
    'upstream of images/app: https://upstream.example, in gcp',
    'blob: 7 bytes',
    'route: by the rules',
    'candidate 1: aws/eu-west-1 (in-region): absent',
    'candidate 2: aws/us-east-1 (nearest): present',
  ])
})

test.for<[string, string, string, ReturnType<typeof presenceOf> | undefined, string]>([
  [
    'a client nowhere known',
    path,
    'nowhere',
    presenceOf({}),
    'mirrors that may serve this client: none (no-location)',
  ],
  [
    'a missing index',
    path,
    'aws/eu-west-1',
    undefined,
    'candidate 1: aws/eu-west-1 (in-region): no index',
  ],
  ['an unknown size', path, 'aws/eu-west-1', presenceOf({}), 'blob: an unknown number of bytes'],
  [
    'a digest that is not mirrored',
    `/v2/team/blobs/sha512:${'a'.repeat(128)}`,
    'aws/eu-west-1',
    presenceOf({}),
    'blob: not a SHA-256, so no mirror holds it',
  ],
  [
    'a refusal',
    '/v1/',
    'nowhere',
    undefined,
    'request: refused with 404 NAME_UNKNOWN: nothing is served at "/v1/"',
  ],
  ['no upstream', '/v2/x/manifests/1', 'nowhere', undefined, 'upstream of x: none'],
  [
    'an upstream in no cloud',
    '/v2/team/a/manifests/1',
    'nowhere',
    undefined,
    'upstream of team/a: https://team.example',
  ],
  ['the base', '/v2/', 'nowhere', undefined, 'request: version'],
])('%s is told', ([, target, client, presence, step]) => {
  const told = explainRequest('GET', target, at(client), worldPolicy(), presence)
  expect(told.kind === 'explained' && told.steps).toContain(step)
})

test('a region that the configuration names is told', () => {
  const policy = worldPolicy({ overrides: { 'aws/eu-west-1': 'r2/global' } })
  const told = explainRequest('GET', path, at('aws/eu-west-1'), policy, presenceOf({}))
  expect(told.kind === 'explained' && told.steps).toContain(
    'route: as the configuration says for this region',
  )
})

test('what must be asked first is not yet told', () => {
  const presence = presenceOf({ 'aws/eu-west-1': 'unknown' })
  expect(explainRequest('GET', path, at('aws/eu-west-1'), worldPolicy(), presence)).toMatchObject({
    kind: 'ask',
    mirror: { id: 'aws/eu-west-1' },
  })
})
