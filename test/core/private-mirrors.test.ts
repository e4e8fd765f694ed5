import { expect, test } from 'vitest'
import { decide } from '../../src/core/decide.ts'
import { signerOfNobody } from '../../src/core/signing/presign-signer.ts'
import type { RegistryRequest } from '../../src/core/request.ts'
import { parseRequest } from '../../src/core/request.ts'
import { at, blobDigest, knowingPolicy, presenceOf, worldPolicy } from './world.ts'

const everywhere = presenceOf({ 'aws/us-east-1': 'present', 'aws/eu-west-1': 'present' }, 7)
const ready = { ...signerOfNobody, isReady: () => true }

/** The world, where one mirror is private. */
function policyWith(privateId: string, signer = signerOfNobody, policy = worldPolicy()) {
  return {
    ...policy,
    route: (client: Parameters<typeof policy.route>[0]) => {
      const route = policy.route(client)
      const candidates = route.candidates.map((each) =>
        each.mirror.id === privateId ? { ...each, mirror: { ...each.mirror, signer } } : each,
      )
      return { ...route, candidates }
    },
  }
}

const blob = (method = 'GET') => parseRequest(method, `/v2/images/app/blobs/${blobDigest}`)

test.for<[string, RegistryRequest, ReturnType<typeof policyWith>, object]>([
  [
    'can be signed is as good as any',
    blob(),
    policyWith('aws/eu-west-1', ready),
    { action: 'mirror', reason: 'in-region', mirror: { id: 'aws/eu-west-1' } },
  ],
  [
    'cannot be signed gives way to the next nearest',
    blob(),
    policyWith('aws/eu-west-1'),
    { action: 'mirror', reason: 'nearest', mirror: { id: 'aws/us-east-1' } },
  ],
  [
    'cannot be signed does not keep the size from being known',
    blob('HEAD'),
    policyWith('aws/eu-west-1'),
    { action: 'size', sizeBytes: 7 },
  ],
])('a private mirror whose addresses %s', ([, request, policy, decision]) => {
  expect(decide(request, at('aws/eu-west-1'), policy, everywhere)).toMatchObject(decision)
})

test('where no other has the blob, a private mirror without credentials is unhealthy, and never asked', () => {
  for (const holding of ['present', 'unknown'] as const) {
    const steps: string[] = []
    const presence = presenceOf({ 'aws/eu-west-1': holding })
    const policy = policyWith('aws/eu-west-1')
    const decision = decide(blob(), at('aws/eu-west-1'), policy, presence, (step) => {
      steps.push(step)
    })
    expect(decision).toMatchObject({ action: 'upstream', reason: 'unhealthy' })
    expect(steps.join('\n')).toContain('aws/eu-west-1: private, and there are no credentials')
  }
})

test('where clients’ own credentials count, a private mirror gives what anyone may read, and no more', () => {
  const decisionWhere = (openness: 'open' | 'closed' | undefined, method?: string) => {
    const policy = policyWith('aws/eu-west-1', ready, knowingPolicy(openness))
    return decide(blob(method), at('aws/eu-west-1'), policy, everywhere)
  }
  expect(decisionWhere('open')).toMatchObject({ action: 'mirror', mirror: { id: 'aws/eu-west-1' } })
  for (const openness of ['closed', undefined] as const) {
    for (const method of ['GET', 'HEAD']) {
      expect(decisionWhere(openness, method)).toMatchObject({
        action: 'upstream',
        reason: 'credentials',
      })
    }
  }
})
