import { expect, test } from 'vitest'
import type { Onward } from '../../src/core/decision.ts'
import type { Failover, Holding } from '../../src/core/policy.ts'
import { decide } from '../../src/core/decide.ts'
import { parseRequest } from '../../src/core/request.ts'
import { at, blobDigest, knowingPolicy, presenceOf, worldPolicy } from './world.ts'

const path = `/v2/images/app/blobs/${blobDigest}`
const [east, ireland] = ['aws/us-east-1', 'aws/eu-west-1'] as const

/** Decides for a client in Ireland, whose mirrors are there and, after it, in Virginia. */
function decideFor(
  holdings: Readonly<Record<string, Holding>>,
  {
    out = [],
    mayGoOn = () => true,
    method = 'GET',
    policy = worldPolicy(),
  }: {
    out?: readonly (string | undefined)[]
    mayGoOn?: Failover['mayGoOn']
    method?: string
    policy?: ReturnType<typeof worldPolicy>
  },
) {
  const failover: Failover = { isOut: ({ id }) => out.includes(id), mayGoOn }
  const steps: string[] = []
  const decision = decide(
    parseRequest(method, path),
    at('aws/eu-west-1'),
    policy,
    { ...presenceOf(holdings), failover },
    (step) => steps.push(step),
  )
  return { decision, steps }
}

test('a client of a mirror that is out goes to the next, which is told of', () => {
  const { decision, steps } = decideFor(
    { [ireland]: 'failed', [east]: 'present' },
    { out: [ireland] },
  )
  expect(decision).toMatchObject({ action: 'mirror', reason: 'nearest', mirror: { id: east } })
  expect(decision).toMatchObject({ insteadOf: { id: ireland } })
  expect(steps).toContain('aws/eu-west-1: out, as it does not serve')
})

test('where all are out it gets the upstream, instead of the first', () => {
  const { decision } = decideFor(
    { [ireland]: 'failed', [east]: 'failed' },
    { out: [ireland, east] },
  )
  expect(decision).toMatchObject({ action: 'upstream', reason: 'unhealthy' })
  expect(decision).toMatchObject({ insteadOf: { id: ireland } })
})

test('a mirror that failed and is not out is nobody’s instead', () => {
  const { decision } = decideFor({ [ireland]: 'failed' }, { out: [east] })
  expect(decision).toMatchObject({ action: 'upstream', reason: 'unhealthy' })
  expect(decision).not.toHaveProperty('insteadOf')
})

test('whoever may not go on is told to ask again, and what it would have cost is asked first', () => {
  const asked: (readonly [string | undefined, string, Onward])[] = []
  const { decision, steps } = decideFor(
    { [ireland]: 'failed', [east]: 'present' },
    {
      out: [ireland],
      mayGoOn(client, from, to) {
        asked.push([client?.region, from.id, to])
        return false
      },
    },
  )
  expect(decision).toMatchObject({
    action: 'refuse',
    reason: 'over-budget',
    refusal: { status: 429, code: 'TOOMANYREQUESTS' },
  })
  expect(steps.at(-1)).toBe('what is next costs more, and what that may cost in an hour is spent')
  const next = { action: 'mirror', reason: 'nearest', mirror: { id: east } }
  expect(asked).toMatchObject([['eu-west-1', ireland, next]])
})

test('a HEAD costs nothing, and goes on', () => {
  const { decision } = decideFor(
    { [ireland]: 'failed' },
    { out: [ireland], mayGoOn: () => false, method: 'HEAD' },
  )
  expect(decision).toMatchObject({ action: 'upstream', insteadOf: { id: ireland } })
})

test('a mirror that is out hinders nobody who has another first', () => {
  const { decision } = decideFor(
    { [ireland]: 'present', [east]: 'failed' },
    { out: [east], mayGoOn: () => false },
  )
  expect(decision).toMatchObject({ action: 'mirror', reason: 'in-region' })
  expect(decision).not.toHaveProperty('insteadOf')
})

test('what not everyone may read costs what it costs: it is no mirror’s', () => {
  const { decision } = decideFor(
    { [ireland]: 'failed' },
    { out: [ireland], mayGoOn: () => false, policy: knowingPolicy('closed') },
  )
  expect(decision).toMatchObject({ action: 'upstream', reason: 'credentials' })
})
