import { expect, test } from 'vitest'
import type { RangesSource } from '../../src/core/address-table-metadata.ts'
import type { ClientLocation } from '../../src/core/location.ts'
import type { AddressFlow } from '../../src/core/ranges-flow.ts'
import type { RangesCandidate } from '../../src/core/ranges-update.ts'
import { judgeRanges } from '../../src/core/ranges-update.ts'

const limits = { mostShrunk: 0.2, mostMoved: 0.05, mostGrown: 0.5, mostOfRegion: 0.5 }
const dayMs = 86_400_000
const nowMs = 1000 * dayMs

function source(version: string, ipv4 = 100): RangesSource {
  const date = '2026-11-26T00:00:00.000Z'
  return { cloud: 'aws', document: 'd', version, date, prefixes: { ipv4, ipv6: 0 } }
}

function at(text: string): ClientLocation | undefined {
  if (text === '-') return undefined
  const [cloud, region] = text.split('/') as [ClientLocation['cloud'], string]
  return { cloud, region }
}

type Rows = readonly (readonly [from: string, to: string, ipv4: number, ipv6?: number])[]

function judge(rows: Rows, given: Partial<RangesCandidate> = {}): ReturnType<typeof judgeRanges> {
  const flows = rows.map(([from, to, ipv4, ipv6 = 0]): AddressFlow => ({
    from: at(from),
    to: at(to),
    count: { ipv4, ipv6 },
  }))
  const documents = { current: source('10'), candidate: source('11'), madeAtMs: nowMs - dayMs }
  return judgeRanges({ ...documents, flows, nowMs, ...given }, limits)
}

const steady: Rows = [
  ['aws/a', 'aws/a', 1000, 1000],
  ['aws/b', 'aws/b', 1000, 1000],
]

test.for<[string, Rows, Partial<RangesCandidate>?]>([
  ['changes nothing', steady],
  ['takes as much away as it may', [...steady, ['aws/a', '-', 500, 500]]],
  ['moves as much as it may', [...steady, ['aws/a', 'aws/b', 105, 105]]],
  ['adds as much as it may', [...steady, ['-', 'aws/a', 1000, 1000]]],
  ['has a new region', [...steady, ['-', 'aws/new', 100, 100]]],
  [
    'has addresses of a family that its cloud had none of',
    [
      ['aws/a', 'aws/a', 9],
      ['-', 'aws/a', 0, 9],
    ],
  ],
  ['lists as many prefixes less as it may', steady, { candidate: source('11', 80) }],
  ['is the first of its cloud', [['-', 'aws/a', 9, 9]], { current: undefined }],
  ['does not say when it was made', steady, { madeAtMs: undefined }],
  ['is from a clock that is a little ahead', steady, { madeAtMs: nowMs + dayMs }],
])('a newer document that %s is accepted', ([, rows, given]) => {
  expect(judge(rows, given)).toEqual({ verdict: 'accepted', problems: [] })
})

test('a document of the same version is no news, whatever is in it', () => {
  const same = judge([['aws/a', '-', 1000]], { candidate: source('10') })
  expect(same).toEqual({ verdict: 'unchanged', problems: [] })
})

test.for<[string, Rows, Partial<RangesCandidate>, readonly string[]]>([
  [
    'is older, by its number and not by its letters',
    steady,
    { candidate: source('9') },
    ['wanted a document newer than version 10, got 9'],
  ],
  [
    'is of the future',
    steady,
    { madeAtMs: nowMs + dayMs + 1 },
    ['wanted a document that is made already, got one of 2026-11-26T00:00:00.000Z'],
  ],
  [
    'takes too much away',
    [...steady, ['aws/a', '-', 501, 501]],
    {},
    [
      'wanted at most 20% of the IPv4 addresses of aws gone, got 20.1%',
      'wanted at most 20% of the IPv6 addresses of aws gone, got 20.1%',
    ],
  ],
  [
    'was cut, and has all addresses in what is left',
    steady,
    { candidate: source('11', 79) },
    ['wanted at most 20% of the IPv4 prefixes of aws gone, got 21%'],
  ],
  [
    'moves too much',
    [...steady, ['aws/a', 'aws/b', 200]],
    {},
    ['wanted at most 5% of the IPv4 addresses of aws moved, got 9.1%'],
  ],
  [
    'claims half the internet',
    [...steady, ['-', 'aws/a', 2_147_483_648]],
    {},
    ['wanted at most 50% of the IPv4 addresses of aws new, got 107374182.4%'],
  ],
  [
    'has too much of another cloud',
    [...steady, ['gcp/x', 'gcp/x', 90], ['gcp/x', 'aws/a', 10]],
    {},
    ['wanted at most 5% of the IPv4 addresses of gcp moved, got 10%'],
  ],
  [
    'lacks a known region, however small',
    [...steady, ['aws/c', '-', 1]],
    {},
    ['wanted all known regions, got none of aws/c'],
  ],
  [
    'has two small regions exchanged',
    [
      ['aws/a', 'aws/a', 10_000],
      ['aws/b', 'aws/c', 10],
      ['aws/c', 'aws/b', 10],
    ],
    {},
    ['wanted at most 50% of a region’s addresses gone or moved, got more of aws/b, aws/c'],
  ],
  [
    'has many regions gone',
    [
      ['aws/a', 'aws/a', 10_000],
      ...['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => [`aws/${name}`, '-', 1] as const),
    ],
    {},
    ['wanted all known regions, got none of aws/b, aws/c, aws/d, aws/e, aws/f and 2 more'],
  ],
])('a document that %s is refused', ([, rows, given, problems]) => {
  expect(judge(rows, given)).toEqual({ verdict: 'refused', problems })
})
