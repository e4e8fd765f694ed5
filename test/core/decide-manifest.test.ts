import { expect, test } from 'vitest'
import type { Holding, Policy } from '../../src/core/policy.ts'
import { decide } from '../../src/core/decide.ts'
import { parseRequest } from '../../src/core/request.ts'
import { at, blobDigest, presenceOf, worldPolicy } from './world.ts'

const byTag = '/v2/images/app/manifests/1.0'
const byDigest = `/v2/images/app/manifests/${blobDigest}`
const both: Record<string, Holding> = { 'aws/us-east-1': 'present', 'aws/eu-west-1': 'present' }

test.for<[string, Policy['manifests'], string, string, Record<string, Holding>, string]>([
  [
    'where none is kept it is the upstream’s',
    undefined,
    byDigest,
    'aws/eu-west-1',
    both,
    'upstream',
  ],
  ['where they are kept it is given here', 'kept', byDigest, 'aws/eu-west-1', both, 'relay'],
  ['a tag too', 'in mirrors', byTag, 'aws/eu-west-1', both, 'relay'],
  [
    'from a mirror near the client',
    'in mirrors',
    byDigest,
    'aws/eu-west-1',
    both,
    'relay aws/eu-west-1',
  ],
  [
    'from the next where that has none',
    'in mirrors',
    byDigest,
    'aws/eu-west-1',
    { 'aws/us-east-1': 'present' },
    'relay aws/us-east-1',
  ],
  [
    'a mirror of which that is not known is asked for it',
    'in mirrors',
    byDigest,
    'aws/eu-west-1',
    { 'aws/eu-west-1': 'unknown' },
    'relay aws/eu-west-1',
  ],
  [
    'and one that said nothing is not',
    'in mirrors',
    byDigest,
    'aws/eu-west-1',
    { 'aws/eu-west-1': 'failed' },
    'relay',
  ],
  ['where no mirror is near there is none', 'in mirrors', byDigest, 'nowhere', both, 'relay'],
])('%s', ([, manifests, path, client, holdings, wanted]) => {
  const policy = { ...worldPolicy(), manifests }
  expect(answerOf(path, client, policy, holdings)).toBe(wanted)
})

test('what has a digest of another kind is given here, and no mirror has it', () => {
  const path = `/v2/images/app/manifests/sha512:${'a'.repeat(128)}`
  const policy = { ...worldPolicy(), manifests: 'in mirrors' } as const
  expect(answerOf(path, 'aws/eu-west-1', policy, both)).toBe('relay')
})

test('without an index no mirror is known to have any', () => {
  const policy = { ...worldPolicy(), manifests: 'in mirrors' } as const
  expect(answerOf(byDigest, 'aws/eu-west-1', policy, undefined)).toBe('relay')
})

test('where clients’ own credentials count it is the upstream’s', () => {
  const { upstreams, ...policy } = worldPolicy()
  const knowing = upstreams.map((each) => ({ ...each, clientCredentials: true }))
  const kept = { ...policy, upstreams: knowing, manifests: 'in mirrors' } as const
  expect(answerOf(byDigest, 'aws/eu-west-1', kept, both)).toBe('upstream')
})

test('every step is told', () => {
  const policy = { ...worldPolicy(), manifests: 'in mirrors' } as const
  const stepsOf = (path: string, client: string) => {
    const steps: string[] = []
    const request = parseRequest('GET', path)
    decide(request, at(client), policy, presenceOf(both), (step) => steps.push(step))
    return steps.slice(2)
  }
  expect(stepsOf(byTag, 'nowhere')).toEqual([
    'manifest: by tag, of which the upstream is asked, or was a little while ago',
  ])
  expect(stepsOf(byDigest, 'aws/eu-west-1')).toEqual([
    'manifest: by digest, from memory where it is kept',
    'manifest: from aws/eu-west-1, or else the upstream',
  ])
  expect(stepsOf(byDigest, 'nowhere')[1]).toBe('manifest: from no mirror, or else the upstream')
})

function answerOf(
  path: string,
  client: string,
  policy: Policy,
  holdings: Record<string, Holding> | undefined,
): string {
  const presence = holdings && presenceOf(holdings)
  const decision = decide(parseRequest('GET', path), at(client), policy, presence)
  expect(decision).toMatchObject({ reason: 'manifest' })
  const mirror = 'mirror' in decision ? (decision.mirror?.id ?? '') : ''
  return `${decision.action} ${mirror}`.trim()
}
