import list from '../../data/prices.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { createAccounting, sumMoney } from '../../src/core/accounting.ts'
import { formatDollars } from '../../src/core/money.ts'
import { createPrices } from '../../src/core/prices.ts'
import type { TallyRow } from '../../src/core/tally.ts'
import { mirrorOf } from './world.ts'

const gib = 2 ** 30
const prices = createPrices(list)
const upstream = { repositories: '', registry: 'https://up.example', namespace: '' }
const atHome = { ...upstream, cloud: 'gcp', region: 'us-central1' }
const mirrors = [mirrorOf('aws/us-east-1'), mirrorOf('aws/eu-west-1')]
const terms = { prices, upstreams: [atHome], mirrors }
const accounting = createAccounting(terms)

const row: TallyRow = {
  kind: 'blob',
  method: 'GET',
  action: 'mirror',
  reason: 'in-region',
  status: 307,
  cloud: 'aws',
  region: 'us-east-1',
  mirror: 'aws/us-east-1',
  upstream: 'https://up.example',
  requests: 1000,
  bytes: 1000 * gib,
  unsized: 0,
}
const fromUpstream = { ...row, action: 'upstream', reason: 'no-mirror', mirror: '' } as const

// Google's last tier to the internet is $0.08 a GiB, AWS's rate from Virginia to other regions
// $0.02, its first tier to the internet $0.09, and a thousand GETs cost $0.0004 (data/prices.json).
test.for<[string, TallyRow, string, string]>([
  ['in its region a mirror costs requests alone', row, '$80.00', '$0.0004'],
  [
    'a client in another region of its cloud costs the way there',
    { ...row, region: 'eu-west-1', reason: 'nearest' },
    '$80.00',
    '$20.00',
  ],
  [
    'one nowhere known costs the way to the internet',
    { ...row, cloud: '', region: '', reason: 'elsewhere' },
    '$80.00',
    '$90.00',
  ],
  ['from the upstream both are the same', fromUpstream, '$80.00', '$80.00'],
  [
    'a client in the upstream’s own region costs nothing',
    { ...fromUpstream, cloud: 'gcp', region: 'us-central1' },
    '$0.00',
    '$0.00',
  ],
  ['a manifest moves nothing', { ...fromUpstream, kind: 'manifest' }, '$0.00', '$0.00'],
  ['what is answered here moves nothing', { ...row, action: 'size' }, '$0.00', '$0.00'],
])('%s', ([, asked, up, spent]) => {
  const money = accounting.moneyOf(asked)!
  expect([formatDollars(money.fromUpstream), formatDollars(money.spent)]).toEqual([up, spent])
})

test('another address of an upstream has a place of its own', () => {
  const addresses = [{ registry: 'https://eu.example', cloud: 'aws', region: 'eu-west-1' }]
  const several = createAccounting({ ...terms, upstreams: [{ ...atHome, addresses }] })
  const asked = { ...fromUpstream, upstream: 'https://eu.example', region: 'eu-west-1' }
  expect(formatDollars(several.moneyOf(asked)!.spent)).toBe('$0.00')
})

test('the tier is that of a month’s traffic, where it is said', () => {
  const small = createAccounting({ ...terms, upstreamBytesAMonth: 0 })
  expect(formatDollars(small.moneyOf(fromUpstream)!.spent)).toBe('$120.00')
})

test.for<[string, Parameters<typeof createAccounting>[0], TallyRow]>([
  ['an upstream in no named cloud', { ...terms, upstreams: [upstream] }, row],
  ['an upstream nobody knows', terms, { ...row, upstream: 'https://other.example' }],
  ['a mirror that is not configured', { ...terms, mirrors: [] }, row],
  [
    'a mirror in a place that has no price',
    { ...terms, mirrors: [mirrorOf('aws/cn-north-1')] },
    { ...row, mirror: 'aws/cn-north-1', region: 'cn-north-1' },
  ],
])('%s has no price, which is not nothing', ([, where, asked]) => {
  expect(createAccounting(where).moneyOf(asked)).toBeUndefined()
})

test('a sum tells what it has no price for', () => {
  const unknown = { ...row, mirror: 'aws/nowhere' }
  const sum = sumMoney([row, fromUpstream, unknown], accounting)
  expect(formatDollars(sum.fromUpstream)).toBe('$160.00')
  expect(formatDollars(sum.spent)).toBe('$80.00')
  expect(sum.unpricedBytes).toBe(1000 * gib)
})

test('sums of bytes are priced, not prices of bytes summed: nothing drifts', () => {
  const parts = Array.from({ length: 1000 }, () => ({ ...fromUpstream, bytes: gib }))
  expect(sumMoney(parts, accounting)).toEqual(sumMoney([fromUpstream], accounting))
})
