import { expect, test } from 'vitest'
import type { RepositoryOpenness } from '../../src/proxy/pass-through/repository-openness.ts'
import { explainAddress, explanationLines, outcomeOf } from '../../src/runtime/explain.ts'
import { at, blobDigest, knowingPolicy, presenceOf } from '../core/world.ts'

const path = `/v2/images/app/blobs/${blobDigest}`
const presence = {
  current: () => presenceOf({ 'aws/eu-west-1': 'present' }),
  ask: () => Promise.resolve('failed' as const),
}

test.for([
  ['open', 'mirror', 'in-region'],
  ['closed', 'upstream', 'credentials'],
  [undefined, 'upstream', 'credentials'],
] as const)(
  'what is asked of an upstream, and is %s, is explained',
  async ([openness, action, reason]) => {
    const passThrough: RepositoryOpenness | undefined = openness && {
      openness: () => 'unknown',
      askOpenness: () => Promise.resolve(openness),
    }
    const explanation = await explainAddress('GET', path, '192.0.2.1', {
      policyFor: () => () => knowingPolicy('unknown'),
      presence,
      passThrough,
      locate: () => at('aws/eu-west-1'),
    })
    expect(outcomeOf(explanation)).toMatchObject({ action, reason })
  },
)

test('a request for a token is explained as far as it goes', async () => {
  const explanation = await explainAddress('GET', '/token', '192.0.2.1', {
    policyFor: () => () => knowingPolicy('unknown'),
    presence,
    locate: () => undefined,
  })
  expect(explanationLines('192.0.2.1', explanation)).toContain('reason: credentials')
})
