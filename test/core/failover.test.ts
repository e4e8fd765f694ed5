import list from '../../data/prices.json' with { type: 'json' }
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAccounting } from '../../src/core/accounting.ts'
import type { Onward } from '../../src/core/decision.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import { createFailoverCosts } from '../../src/core/failover.ts'
import { formatDollars } from '../../src/core/money.ts'
import { createPrices } from '../../src/core/prices.ts'
import { at, mirrorOf } from './world.ts'

const gib = 2 ** 30
const minuteMs = 60_000
const dollar = 1_000_000_000n
const upstream = {
  repositories: 'app',
  registry: 'https://up.example',
  namespace: '',
  cloud: 'gcp',
}
const unpriced = { repositories: 'dear', registry: 'https://dear.example', namespace: '' }
const upstreams = [unpriced, upstream]
const [east, ireland, near, r2] = [
  'aws/us-east-1',
  'aws/eu-west-1',
  'aws/us-east-1/second',
  'r2/global',
].map(mirrorOf) as [Mirror, Mirror, Mirror, Mirror]
type Mirror = ReturnType<typeof mirrorOf>
const accounting = createAccounting({
  prices: createPrices(list),
  upstreams,
  mirrors: [east, ireland, near, r2],
})

/** A client in Virginia reads a GiB from the upstream, as the mirror there is out: $0.08. */
const toUpstream: RequestEvent = {
  event: 'request',
  timeMs: 0,
  method: 'GET',
  kind: 'blob',
  repository: 'app',
  cloud: 'aws',
  region: 'us-east-1',
  action: 'upstream',
  reason: 'unhealthy',
  insteadOf: 'aws/us-east-1',
  status: 307,
  bytes: gib,
  durationMs: 0,
}
const { bytes: _, ...unsized } = toUpstream
const { insteadOf: __, ...usual } = toUpstream
const { cloud: ___, region: ____, ...nowhere } = toUpstream

function createWorld(mostAnHour?: bigint) {
  let nowMs = 5_000_000 * minuteMs
  const costs = createFailoverCosts({ accounting, upstreams, mostAnHour, now: () => nowMs })
  return {
    ...costs,
    advance: (minutes: number) => (nowMs += minutes * minuteMs),
    /** Whether a client in Virginia may get the upstream instead of the mirror there. */
    mayPay: () => costs.mayGoOn(at('aws/us-east-1'), east, goes(upstream)),
  }
}
const goes = (to: typeof upstream | typeof unpriced | Mirror): Onward =>
  'registry' in to
    ? { action: 'upstream', reason: 'unhealthy', upstream: to }
    : { action: 'mirror', reason: 'nearest', mirror: to }

test.for<[name: string, event: RequestEvent, spent: string]>([
  ['from the upstream a GiB costs its egress', toUpstream, '$0.08'],
  [
    'from another region of the cloud it costs the way between them',
    { ...toUpstream, action: 'mirror', reason: 'nearest', mirror: 'aws/eu-west-1' },
    '$0.02',
  ],
  [
    'from a mirror next door it costs nothing more',
    { ...toUpstream, action: 'mirror', reason: 'in-region', mirror: 'aws/us-east-1/second' },
    '$0.00',
  ],
  ['what costs less is no gain', nowhere, '$0.00'],
  ['what was read of it is nothing where nobody knows how much', unsized, '$0.00'],
  ['no price is no cost', { ...toUpstream, repository: 'dear/app' }, '$0.00'],
  [
    'no repository of ours is no cost',
    { ...toUpstream, repository: 'app', upstream: '?' },
    '$0.00',
  ],
  ['a mirror that nobody knows any more has no price', { ...toUpstream, insteadOf: '-' }, '$0.00'],
  ['whoever was not sent on is not counted', usual, '$0.00'],
])('%s', ([, event, spent]) => {
  const { record, spent: all } = createWorld()
  record(event)
  const sum = [...all().values()].reduce((total, each) => total + each, 0n)
  expect(formatDollars(sum)).toBe(spent)
  expect([...all().keys()]).toEqual(spent === '$0.00' ? [] : ['aws/us-east-1'])
})

test('it is counted by the mirror that is out', () => {
  const { record, spent } = createWorld()
  record(toUpstream)
  record({ ...toUpstream, region: 'eu-west-1', insteadOf: 'aws/eu-west-1' })
  record(toUpstream)
  expect(spent().get('aws/us-east-1')).toBe(2n * spent().get('aws/eu-west-1')!)
})

test('a request with no repository is no cost', () => {
  const { record, spent } = createWorld()
  const { repository: _____, ...nameless } = toUpstream
  record(nameless)
  expect(spent().size).toBe(0)
})

test('with no ceiling everyone goes on', () => {
  const { record, mayPay } = createWorld()
  for (let time = 0; time < 1000; time++) record(toUpstream)
  expect(mayPay()).toBe(true)
})

test('above the ceiling nobody goes on, until an hour has passed', () => {
  const { record, mayPay, advance } = createWorld(dollar)
  // Thirteen times just below 8 cents.
  for (let time = 0; time < 12; time++) record(toUpstream)
  expect(mayPay()).toBe(true)
  record(toUpstream)
  expect(mayPay()).toBe(false)
  advance(59)
  expect(mayPay()).toBe(false)
  advance(1)
  expect(mayPay()).toBe(true)
})

test('an hour goes on by a minute at a time', () => {
  const { record, mayPay, advance } = createWorld(dollar)
  for (let minute = 0; minute < 14; minute++) {
    record(toUpstream)
    advance(1)
  }
  expect(mayPay()).toBe(false)
  advance(46)
  expect(mayPay()).toBe(false)
  advance(1)
  expect(mayPay()).toBe(true)
})

test.for<[name: string, client: string, from: Mirror, to: Onward, may: boolean]>([
  ['to the upstream it costs more', 'aws/us-east-1', east, goes(upstream), false],
  ['to another region it costs more', 'aws/us-east-1', east, goes(ireland), false],
  ['next door it costs no more', 'aws/us-east-1', east, goes(near), true],
  ['the upstream is cheaper than a way to the internet', 'nowhere', east, goes(upstream), true],
  ['one in its own region is cheaper than one afar', 'aws/us-east-1', ireland, goes(near), true],
  ['what has no price nobody calls dear', 'aws/us-east-1', east, goes(unpriced), true],
  ['nor what comes instead of what has none', 'aws/us-east-1', mirrorOf('x/y'), goes(east), true],
])('above the ceiling: %s', ([, client, from, to, may]) => {
  expect(createWorld(0n).mayGoOn(at(client), from, to)).toBe(may)
})

test('of any requests at any times the last hour counts, and no other', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean()), { maxLength: 30 })
  fc.assert(
    fc.property(steps, (all) => {
      const { record, mayPay, advance } = createWorld(dollar)
      const times: number[] = []
      let minute = 0
      for (const [minutes, isMany] of all) {
        minute += minutes
        advance(minutes)
        for (let time = 0; time < (isMany ? 5 : 1); time++) {
          record(toUpstream)
          times.push(minute)
        }
        const inHour = times.filter((each) => each > minute - 60).length
        expect(mayPay()).toBe(inHour <= 12)
      }
    }),
    { numRuns: 60 },
  )
})
