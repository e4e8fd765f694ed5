import list from '../../data/prices.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { createAccounting } from '../../src/core/accounting.ts'
import { findMissedSavings, moneyAMonth } from '../../src/core/missed-savings.ts'
import { exactDollars, formatDollars } from '../../src/core/money.ts'
import { createPrices } from '../../src/core/prices.ts'
import type { MissedSavingsTerms } from '../../src/core/savings-terms.ts'
import type { TallyRow } from '../../src/core/tally.ts'
import { mirrorOf, worldPolicy } from './world.ts'

const gib = 2 ** 30
// 730 hours are a month, so ten hours of it are a seventy-third.
const lengthMs = 36_000_000
const prices = createPrices(list)
const upstreams = [
  { repositories: '', registry: 'https://up.example', namespace: '', cloud: 'gcp', region: 'x' },
]
const row: TallyRow = {
  kind: 'blob',
  method: 'GET',
  action: 'upstream',
  reason: 'no-mirror',
  status: 307,
  cloud: 'aws',
  region: 'ap-south-1',
  mirror: '',
  upstream: 'https://up.example',
  requests: 100,
  bytes: 100 * gib,
  unsized: 0,
}

function termsOf(changes: Partial<MissedSavingsTerms> & { ids?: readonly string[] } = {}) {
  const { ids = ['aws/us-east-1', 'aws/eu-west-1'], ...others } = changes
  const mirrors = ids.map(mirrorOf)
  const terms: MissedSavingsTerms = {
    rows: [row],
    lengthMs,
    notMirrored: [],
    accounting: createAccounting({ prices, upstreams, mirrors }),
    prices,
    mirrors,
    overrides: {},
    heldBytes: 1000 * gib,
    isSynced: () => true,
    unhealthySinceMs: new Map(),
    route: worldPolicy({ ids }).route,
    timeText: (ms) => `at ${ms}`,
    ...others,
  }
  return terms
}

const find = (changes: Parameters<typeof termsOf>[0] = {}) => findMissedSavings(termsOf(changes))

test('a region without a mirror is told what one would save, its storage counted', () => {
  const [missed, ...others] = find()
  expect(others).toEqual([])
  expect(missed).toMatchObject({
    reason: 'no-mirror',
    location: 'aws/ap-south-1',
    mirror: undefined,
    requests: 100,
    bytes: 100 * gib,
    estimatedBytes: 0,
    unsized: 0,
    advice: {
      configuration: '"mirrors": [{ "id": "aws/ap-south-1", "bucket": "BUCKET" }]',
      command: 'nearport mirrors create aws/ap-south-1 && nearport sync',
    },
  })
  expect(missed!.advice.text).toContain('read from the upstream')
  // 7,300 GiB a month at $0.08; a thousand GiB kept cost $25 there, 7,300 GETs $0.00292.
  expect(exactDollars(missed!.costAMonth!)).toBe('584')
  expect(exactDollars(missed!.savesAMonth!)).toBe('558.99708')
})

test('without an index nobody knows what a new mirror would store, nor what it saves', () => {
  const [missed] = find({ heldBytes: undefined })
  expect(missed!.savesAMonth).toBeUndefined()
  expect(missed!.costAMonth).toBeDefined()
})

test('a mirror that does not pay is told to: what it saves is less than nothing', () => {
  const [missed] = find({ rows: [{ ...row, bytes: gib }] })
  expect(missed!.savesAMonth! < 0n).toBe(true)
})

test('what saves most comes first, then what costs most, then what is most', () => {
  const rows: readonly TallyRow[] = [
    { ...row, region: 'ap-south-1', bytes: 100 * gib },
    { ...row, region: 'ap-northeast-1', bytes: 900 * gib },
    { ...row, reason: 'configured', region: 'eu-west-3', bytes: 10 * gib },
    { ...row, reason: 'configured', region: 'eu-west-2', bytes: 20 * gib },
    { ...row, upstream: 'https://other.example', region: 'a', bytes: 1 },
    { ...row, upstream: 'https://other.example', region: 'b', bytes: 2 },
    { ...row, upstream: 'https://other.example', region: 'c', bytes: 1, requests: 200 },
  ]
  const ranked = [
    'aws/ap-northeast-1',
    'aws/ap-south-1',
    'aws/eu-west-2',
    'aws/eu-west-3',
    'aws/b',
    'aws/c',
    'aws/a',
  ]
  for (const order of [rows, rows.toReversed()]) {
    const found = find({ rows: order, heldBytes: 0 })
    expect(found.map(({ location }) => location)).toEqual(ranked)
  }
})

test('only blobs that clients read cost anything', () => {
  const rows: readonly TallyRow[] = [
    { ...row, kind: 'manifest' },
    { ...row, method: 'HEAD' },
    { ...row, action: 'size', reason: 'known-size' },
    { ...row, action: 'mirror', reason: 'in-region', mirror: 'aws/us-east-1' },
  ]
  expect(find({ rows })).toEqual([])
})

test('a mirror in another region costs the way there, and one of their own would not', () => {
  const rows: readonly TallyRow[] = [
    { ...row, action: 'mirror', reason: 'nearest', mirror: 'aws/us-east-1' },
    { ...row, action: 'mirror', reason: 'nearest', mirror: 'aws/us-east-1', status: 308 },
  ]
  const [missed, ...others] = find({ rows })
  expect(others).toEqual([])
  expect(missed).toMatchObject({ mirror: 'aws/us-east-1', requests: 200, bytes: 200 * gib })
  expect(missed!.advice.text).toContain('read from aws/us-east-1')
  expect(formatDollars(missed!.costAMonth!)).toBe('$292.01')
})

test('a mirror that no longer has a price is told, and what it costs is not known', () => {
  const rows: readonly TallyRow[] = [
    { ...row, action: 'mirror', reason: 'nearest', mirror: 'aws/x' },
  ]
  expect(find({ rows })).toMatchObject([{ mirror: 'aws/x', costAMonth: undefined }])
})

test('a mirror whose egress is free costs nothing elsewhere', () => {
  const rows: readonly TallyRow[] = [
    { ...row, action: 'mirror', reason: 'elsewhere', mirror: 'r2/global', cloud: '', region: '' },
  ]
  expect(find({ rows, ids: ['r2/global'] })).toEqual([])
})

test('what nobody knows the size of is reckoned as others are in the mean', () => {
  const rows: readonly TallyRow[] = [
    { ...row, reason: 'not-mirrored', bytes: 0, unsized: 10, requests: 10 },
    { ...row, action: 'mirror', reason: 'in-region', mirror: 'aws/eu-west-1' },
  ]
  const [missed] = find({ rows })
  expect(missed).toMatchObject({ bytes: 0, unsized: 10, estimatedBytes: 10 * gib })
  expect(formatDollars(missed!.costAMonth!)).toBe('$58.40')
})

test('where no size is known at all, no cost is', () => {
  const rows = [{ ...row, reason: 'not-mirrored' as const, bytes: 0, unsized: 10, requests: 10 }]
  expect(find({ rows })).toMatchObject([
    { estimatedBytes: 0, costAMonth: undefined, savesAMonth: undefined },
  ])
})

test('of clients that only resumed, nothing more is paid', () => {
  const rows = [{ ...row, bytes: 0 }]
  expect(find({ rows })).toMatchObject([{ bytes: 0, costAMonth: 0n }])
})

const busy = (name: string) => ({ name, requests: 1, bytes: 1, unsized: 0 })
const notMirrored = { ...row, reason: 'not-mirrored' } as const

test('of what the sync list does not name, it tells the names', () => {
  const [missed] = find({
    rows: [notMirrored],
    notMirrored: ['a/b', 'c', 'd', 'e'].map(busy),
    isSynced: (name) => name === 'a/b',
  })
  expect(missed!.advice).toMatchObject({
    configuration: '"sync": { "repositories": ["c", "d", "e"] }',
    command: 'nearport sync',
  })
  expect(missed!.advice.text).toContain('does not name them')
  // They would come from Virginia or Ireland, which is the way between regions.
  expect(missed!.savesAMonth! > 0n).toBe(true)
  const [one] = find({ rows: [notMirrored], notMirrored: [busy('c')], isSynced: () => false })
  expect(one!.advice.text).toContain('does not name it.')
})

test.for<[string, readonly string[], string, RegExp]>([
  ['names of it', ['a', 'b'], 'aws/us-east-1', /a, b\. .*holds/],
  ['that nobody counted them', [], 'aws/us-east-1', /repositories nobody counted/],
])('of what the sync list names, it tells %s', ([, names, id, text]) => {
  const terms = { rows: [notMirrored], notMirrored: names.map(busy), ids: [id, 'r2/global'] }
  const [missed] = find(terms)
  expect(missed!.advice.text).toMatch(text)
  expect(missed!.advice.command).toBe('nearport sync && nearport audit')
  const [alone] = find({ ...terms, ids: [id] })
  expect(alone!.advice.text).not.toContain('"holds"')
})

test('where no mirror may serve them, nobody knows what mirroring saves', () => {
  const [missed] = find({ rows: [notMirrored], ids: [] })
  expect(missed!.savesAMonth).toBeUndefined()
})

test('an unhealthy mirror is named, with the time since', () => {
  const rows: readonly TallyRow[] = [{ ...row, reason: 'unhealthy', region: 'eu-west-1' }]
  const since = new Map([
    ['aws/eu-west-1', 5],
    ['aws/us-east-1', 6],
  ])
  const [missed] = find({ rows, unhealthySinceMs: since })
  expect(missed!.advice.text).toContain('Unhealthy: aws/eu-west-1 since at 5.')
  const [far] = find({ rows: [{ ...rows[0]!, region: 'eu-west-3' }], unhealthySinceMs: since })
  expect(far!.advice.text).toContain('aws/us-east-1 since at 6')
  const [unknown] = find({ rows })
  expect(unknown!.advice.text).toContain('did not answer')
})

test('without an index the way is to publish one', () => {
  const [missed] = find({ rows: [{ ...row, reason: 'no-index' }] })
  expect(missed!.advice.command).toBe('nearport sync')
})

test('clients in the upstream’s cloud need a line that sends them to their mirror', () => {
  const rows: readonly TallyRow[] = [
    { ...row, reason: 'same-cloud', cloud: 'gcp', region: 'europe-west1' },
  ]
  const [missed] = find({ rows })
  expect(missed!.advice.configuration).toBe(
    '"mirrors": [{ "id": "gcp/europe-west1", "bucket": "BUCKET" }], ' +
      '"regions": { "gcp/europe-west1": "gcp/europe-west1" }',
  )
})

test.for<[string, Partial<TallyRow>, readonly string[], string]>([
  [
    'nowhere known are told of a mirror with free egress',
    { reason: 'no-location', cloud: '', region: '' },
    [],
    '"mirrors": [{ "id": "r2/global", "bucket": "BUCKET", "endpoint": "ENDPOINT" }], "elsewhere": "r2/global"',
  ],
  [
    'nowhere known are sent to the one there is',
    { reason: 'no-location', cloud: '', region: '' },
    ['r2/global'],
    '"elsewhere": "r2/global"',
  ],
  [
    'elsewhere are told the same',
    { reason: 'elsewhere', action: 'mirror', mirror: 'aws/us-east-1', cloud: '', region: '' },
    ['aws/us-east-1', 'r2/global'],
    '"elsewhere": "r2/global"',
  ],
  [
    'in a cloud that has no S3 are named in regions',
    { cloud: 'azure', region: 'westeurope' },
    ['r2/global'],
    '"regions": { "azure/westeurope": "r2/global" }',
  ],
  [
    'in no region of their cloud too',
    { region: 'GLOBAL' },
    ['r2/global'],
    '"regions": { "aws/GLOBAL": "r2/global" }',
  ],
  [
    'in a region that are sent elsewhere get a mirror',
    { reason: 'elsewhere', action: 'mirror', mirror: 'aws/us-east-1' },
    ['aws/us-east-1'],
    '"mirrors": [{ "id": "aws/ap-south-1", "bucket": "BUCKET" }]',
  ],
])('clients %s', ([, changes, ids, configuration]) => {
  const [missed] = find({ rows: [{ ...row, ...changes }], ids })
  expect(missed!.advice.configuration).toBe(configuration)
})

test.for<[string, Partial<TallyRow>, Readonly<Record<string, string>>, string]>([
  [
    'to the upstream',
    {},
    { 'aws/ap-south-1': 'upstream' },
    '"regions": { "aws/ap-south-1": "upstream" }',
  ],
  [
    'to a mirror that is not free',
    { action: 'mirror', mirror: 'aws/us-east-1' },
    { 'aws/ap-south-1': 'aws/us-east-1' },
    '"regions": { "aws/ap-south-1": "aws/us-east-1" }',
  ],
])('a line that sends clients %s is shown', ([, changes, overrides, configuration]) => {
  const rows: readonly TallyRow[] = [{ ...row, reason: 'configured', ...changes }]
  const [missed] = find({ rows, overrides })
  expect(missed!.advice.configuration).toBe(configuration)
  expect(missed!.savesAMonth).toBeUndefined()
})

test.for([
  ['clients that opted out', 'opted-out', 'optOut'],
  ['what only some may read', 'credentials', 'clientCredentials'],
] as const)('for %s there is no advice but that it is so', ([, reason, said]) => {
  const [missed] = find({ rows: [{ ...row, reason }] })
  expect(missed!.advice).toEqual({ text: expect.stringContaining(said) })
  expect(missed!.savesAMonth).toBeUndefined()
})

test('a place without prices has no saving that could be said', () => {
  const [missed] = find({ rows: [{ ...row, region: 'cn-north-1' }] })
  expect(missed!.savesAMonth).toBeUndefined()
})

test('a month at this rate; less than an hour counts as one', () => {
  const { accounting } = termsOf()
  const spent = (ms: number) => formatDollars(moneyAMonth([row], accounting, ms).spent)
  expect(spent(36_000_000)).toBe('$584.00')
  expect(spent(3_600_000)).toBe('$5,840.00')
  expect(spent(1000)).toBe('$5,840.00')
})
