import { expect, test } from 'vitest'
import type { Holding, Openness } from '../../src/core/policy.ts'
import { decide } from '../../src/core/decide.ts'
import { parseRequest } from '../../src/core/request.ts'
import { at, blobDigest, knowingPolicy, presenceOf, worldPolicy } from './world.ts'

// Decisions where an upstream knows its clients: upstreams[].clientCredentials.
const path = `/v2/images/app/blobs/${blobDigest}`

test.for<[string, string, 'GET' | 'HEAD', Openness | undefined, Holding, object]>([
  [
    'what anyone may read comes from a mirror',
    path,
    'GET',
    'open',
    'present',
    { action: 'mirror', reason: 'in-region' },
  ],
  [
    'what is closed does not',
    path,
    'GET',
    'closed',
    'present',
    { action: 'upstream', reason: 'credentials' },
  ],
  [
    'what nobody asked of does not',
    path,
    'GET',
    undefined,
    'present',
    { action: 'upstream', reason: 'credentials' },
  ],
  [
    'it is asked first whether anyone may read',
    path,
    'GET',
    'unknown',
    'present',
    {
      action: 'ask-upstream',
      upstream: { registry: 'https://upstream.example' },
      request: { kind: 'blob' },
    },
  ],
  ['before a mirror is', path, 'GET', 'unknown', 'unknown', { action: 'ask-upstream' }],
  [
    'and of what is closed no mirror is asked',
    path,
    'GET',
    'closed',
    'unknown',
    { action: 'upstream', reason: 'credentials' },
  ],
  [
    'nothing is asked for what no mirror holds',
    path,
    'GET',
    'unknown',
    'absent',
    { action: 'upstream', reason: 'not-mirrored' },
  ],
  ['the size of what is open is told', path, 'HEAD', 'open', 'present', { action: 'size' }],
  [
    'the size of what is closed is not',
    path,
    'HEAD',
    'closed',
    'present',
    { action: 'upstream', reason: 'credentials' },
  ],
  [
    'manifests are its own',
    '/v2/images/app/manifests/1',
    'GET',
    'open',
    'present',
    { action: 'upstream', reason: 'manifest' },
  ],
  [
    'lists are its own',
    '/v2/images/app/tags/list',
    'GET',
    'open',
    'present',
    { action: 'relay', reason: 'listing' },
  ],
  [
    'another upstream’s blobs are for anyone',
    path.replace('images', 'team'),
    'GET',
    'closed',
    'present',
    { action: 'mirror' },
  ],
  [
    '/v2/ is asked of it',
    '/v2/',
    'GET',
    'open',
    'present',
    { action: 'version', upstreams: [{ repositories: 'images' }] },
  ],
  [
    'tokens are to be had',
    '/token?scope=repository:images/app:pull',
    'GET',
    'open',
    'present',
    { action: 'token', upstreams: [{ repositories: 'team' }, { repositories: 'images' }] },
  ],
])('%s', ([, target, method, openness, holding, wanted]) => {
  const presence = presenceOf({ 'aws/eu-west-1': holding }, 7)
  const request = parseRequest(method, target)
  const decision = decide(request, at('aws/eu-west-1'), knowingPolicy(openness), presence)
  expect(decision).toMatchObject(wanted)
})

test('where none does there are no tokens, and /v2/ is ours', () => {
  const asked = (target: string) =>
    decide(parseRequest('GET', target), undefined, worldPolicy(), undefined)
  expect(asked('/token')).toMatchObject({ refusal: { code: 'NAME_UNKNOWN', status: 404 } })
  expect(asked('/v2/')).toEqual({ action: 'version', reason: 'version' })
})
