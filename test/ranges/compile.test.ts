import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import IPCIDR from 'ip-cidr'
import { describe, expect, test } from 'vitest'
import type { AddressFamily } from '../../src/core/address.ts'
import { openTable } from '../../src/ranges/bundled.ts'
import { addressText } from '../../src/ranges/address-text.ts'
import { compileRanges } from '../../src/ranges/compile.ts'
import { decodeTable } from '../../src/ranges/decode.ts'
import { encodeTable } from '../../src/ranges/encode.ts'
import { familySize } from '../../src/ranges/prefix.ts'
import { documentsOf } from './sample-documents.ts'
import type { Row } from './sample-documents.ts'

type Oracle = {
  readonly cloud: 'aws' | 'gcp' | 'azure'
  readonly family: AddressFamily
  readonly start: bigint
  readonly end: bigint
  readonly length: number
  readonly region: string
  readonly ec2: boolean
}

// Few upper bits, so that prefixes nest, touch and repeat; one of the places is the very end of the
// addresses.
const ipv4Place = fc.constantFrom(0n, 0x0fc1_0000n, 0x0fc1_ff00n, 0x0fc2_0000n, 0xffff_ff00n)
const ipv6Place = fc
  .constantFrom(
    0n,
    0x2600_1f01_0000_0000n,
    0x2600_1f01_ffff_ffffn,
    0x2600_1f02_0000_0000n,
    0xffff_ffff_ffff_ffffn,
  )
  .chain((network) =>
    fc.constantFrom(0n, 1n, 1n << 32n, (1n << 64n) - 4n).map((host) => (network << 64n) | host),
  )

const prefix = fc
  .record({
    cloud: fc.constantFrom('aws' as const, 'aws' as const, 'gcp' as const, 'azure' as const),
    region: fc.constantFrom('GLOBAL', 'a-1', 'b-2', 'c-3'),
    ec2: fc.boolean(),
    offset: fc.nat(600),
    place: fc.oneof(
      fc.record({
        family: fc.constant(4 as const),
        at: ipv4Place,
        length: fc.integer({ min: 8, max: 32 }),
      }),
      fc.record({
        family: fc.constant(6 as const),
        at: ipv6Place,
        length: fc.integer({ min: 24, max: 128 }),
      }),
    ),
  })
  .map(({ cloud, region, ec2, offset, place: { family, at, length } }): Oracle => {
    const size = 1n << BigInt((family === 4 ? 32 : 128) - length)
    const start = (((at + BigInt(offset)) % familySize[family]) / size) * size
    return { cloud, family, start, end: start + size, length, region, ec2: ec2 && cloud === 'aws' }
  })

/**
 * What is documented, done the slow way: all prefixes that have the address, sorted by who wins.
 */
function locateSlowly(prefixes: readonly Oracle[], family: AddressFamily, address: bigint): string {
  const clouds = ['aws', 'gcp', 'azure']
  const having = prefixes.filter(
    (one) => one.family === family && one.start <= address && address < one.end,
  )
  const [winner] = having.toSorted(
    (a, b) =>
      b.length - a.length ||
      clouds.indexOf(a.cloud) - clouds.indexOf(b.cloud) ||
      Number(a.region === 'GLOBAL') - Number(b.region === 'GLOBAL') ||
      a.region.localeCompare(b.region),
  )
  if (winner === undefined) return 'nobody'
  const ec2 = winner.cloud === 'aws' && having.some((one) => one.ec2)
  return `${winner.cloud}/${winner.region}${ec2 ? ' EC2' : ''}`
}

function documentsFrom(prefixes: readonly Oracle[]): ReturnType<typeof documentsOf> {
  const rows = { aws: [] as Row[], gcp: [] as Row[], azure: [] as Row[] }
  for (const { cloud, family, start, length, region, ec2 } of prefixes) {
    rows[cloud].push([`${addressText(family, start)}/${length}`, region, ec2 ? 'EC2' : 'S3'])
  }
  const given = Object.entries(rows).filter(([, list]) => list.length > 0)
  return documentsOf(Object.fromEntries(given))
}

test('agrees with a search of all prefixes on every edge and its neighbours', () => {
  fc.assert(
    fc.property(fc.array(prefix, { minLength: 1, maxLength: 30 }), (prefixes) => {
      const table = openTable(compileRanges(documentsFrom(prefixes), crc32))
      for (const { family, start, end } of prefixes) {
        for (const address of [start - 1n, start, start + 1n, end - 2n, end - 1n, end]) {
          if (address < 0n || address >= familySize[family]) continue
          const text = addressText(family, address)
          const location = table.locate(text)
          const ec2 = table.isEc2(text) ? ' EC2' : ''
          const got = location ? `${location.cloud}/${location.region}${ec2}` : 'nobody'
          // The lowest IPv6 addresses hold the IPv4-mapped ones, which are looked up as IPv4.
          if (family === 6 && address >> 32n === 0xffffn) continue
          expect(got, text).toBe(locateSlowly(prefixes, family, address))
          if (family === 4) expect(table.locate(`::ffff:${text}`)).toBe(location)
        }
      }
    }),
    { numRuns: 400 },
  )
})

test('agrees with ip-cidr on whether anybody has an address', () => {
  fc.assert(
    fc.property(fc.array(prefix, { minLength: 1, maxLength: 8 }), (prefixes) => {
      const table = openTable(compileRanges(documentsFrom(prefixes), crc32))
      const texts = prefixes.map((one) => `${addressText(one.family, one.start)}/${one.length}`)
      const cidrs = texts.map((text) => new IPCIDR(text))
      for (const { family, start, end } of prefixes) {
        for (const address of [start - 1n, start, end - 1n, end]) {
          if (address < 0n || address >= familySize[family] || address >> 32n === 0xffffn) continue
          const text = addressText(family, address)
          const wanted = cidrs.some((cidr, at) => {
            return prefixes[at]!.family === family && cidr.contains(text)
          })
          expect(table.locate(text) !== undefined, text).toBe(wanted)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('the same rows in any order are the same bytes', () => {
  const rows = fc.array(prefix, { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(
      rows.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        ),
      ),
      ([prefixes, shuffled]) => {
        const bytes = compileRanges(documentsFrom(prefixes), crc32)
        expect(compileRanges(documentsFrom(shuffled), crc32)).toEqual(bytes)
      },
    ),
  )
})

test('a table’s content gives the same table again', () => {
  fc.assert(
    fc.property(fc.array(prefix, { minLength: 1, maxLength: 20 }), (prefixes) => {
      const bytes = compileRanges(documentsFrom(prefixes), crc32)
      expect(encodeTable(decodeTable(bytes, crc32), crc32)).toEqual(bytes)
    }),
  )
})

test('what another cloud takes out of a prefix of EC2’s is not EC2’s', () => {
  const documents = documentsOf({
    aws: [['10.0.0.0/8', 'us-east-1', 'EC2']],
    azure: [['10.1.0.0/16', 'westus']],
  })
  const table = openTable(compileRanges(documents, crc32))
  expect(table.locate('10.1.0.1')).toEqual({ cloud: 'azure', region: 'westus' })
  expect([table.isEc2('10.1.0.1'), table.isEc2('10.0.0.1')]).toEqual([false, true])
})

describe('of documents that are not what vendors publish, every problem is reported:', () => {
  test('with its path, for all documents at once', () => {
    const documents = {
      aws: {
        syncToken: 'today',
        prefixes: [
          { ip_prefix: '1.2.3.0/24', region: 'us-east-1', service: 'EC2' },
          { ip_prefix: '1.2.3.4/24', region: 'us-east-1', service: 'EC2' },
          { ip_prefix: '::/32', region: 'us east', service: 'EC2' },
        ],
        ipv6_prefixes: [{ ipv6_prefix: '::ffff:1.2.3.0/120', region: 'x', service: 'EC2' }],
      },
      gcp: {
        syncToken: '1',
        prefixes: [
          { scope: 'global' },
          { ipv4Prefix: '1.0.0.0/8', ipv6Prefix: '1::/16', scope: 'global' },
        ],
      },
      azure: {
        changeNumber: 1,
        cloud: 'AzureChina',
        values: [
          { name: 'Sql.WestUS', properties: { region: 'westus', addressPrefixes: ['nonsense'] } },
          { name: 'AzureCloud', properties: { region: '', addressPrefixes: ['nonsense'] } },
          {
            name: 'AzureCloud.westus',
            properties: { region: 'westus', addressPrefixes: ['1.0.0.0/33', '1::/16'] },
          },
        ],
      },
    }
    expect(problemsOf(documents)).toEqual([
      'aws.syncToken: wanted seconds since 1970, came "today"',
      'aws.prefixes[1].ip_prefix: wanted an IPv4 prefix with no bits beyond it, came "1.2.3.4/24"',
      'aws.prefixes[2].ip_prefix: wanted an IPv4 prefix with no bits beyond it, came "::/32"',
      'aws.prefixes[2].region: wanted 1 to 64 letters, digits and hyphens, came "us east"',
      'aws.ipv6_prefixes[0].ipv6_prefix: wanted an IPv6 prefix with no bits beyond it, came "::ffff:1.2.3.0/120"',
      'gcp.prefixes[0]: wanted ipv4Prefix or ipv6Prefix, came neither',
      'gcp.prefixes[1]: wanted ipv4Prefix or ipv6Prefix, came both',
      'azure.cloud: wanted "Public", came "AzureChina"',
      'azure.values[2].properties.addressPrefixes[0]: wanted an IPv4 or IPv6 prefix with no bits beyond it, came "1.0.0.0/33"',
    ])
  })

  test.for([
    '',
    '/',
    '1.2.3.0',
    '1.2.3.0/',
    '1.2.3.0/24x',
    '1.2.3.0/024',
    '1.2.3.0/-1',
    '1.2.3.0/1e1',
    'x/8',
    '1.2.3.0/8.0',
  ])('%j is no prefix', (text) => {
    const [problem] = problemsOf(documentsOf({ aws: [['1.0.0.0/8', 'x']], gcp: [[text, 'y']] }))
    expect(problem).toContain('gcp.prefixes[0].ipv4Prefix: wanted an IPv4 prefix')
  })

  test.for<[string, object, readonly string[]]>([
    ['a list', { aws: [] }, ['aws: wanted an object, came a list']],
    ['null', { gcp: null }, ['gcp: wanted an object, came null']],
    ['a text', { azure: 'busy' }, ['azure: wanted an object, came "busy"']],
    [
      'nothing that it should have',
      { aws: {} },
      [
        'aws.syncToken: wanted seconds since 1970, came nothing',
        'aws.prefixes: wanted a list, came nothing',
        'aws.ipv6_prefixes: wanted a list, came nothing',
      ],
    ],
    [
      'rows that are none',
      { gcp: { syncToken: 7, prefixes: [null, { ipv4Prefix: 8, scope: {} }] } },
      [
        'gcp.syncToken: wanted milliseconds since 1970, came 7',
        'gcp.prefixes[0]: wanted an object, came null',
        'gcp.prefixes[1].ipv4Prefix: wanted an IPv4 prefix with no bits beyond it, came 8',
        'gcp.prefixes[1].scope: wanted 1 to 64 letters, digits and hyphens, came an object',
      ],
    ],
    [
      'tags that are none',
      {
        azure: {
          changeNumber: -1,
          cloud: 'Public',
          values: [
            {},
            { name: 'Sql', properties: null },
            { name: 'AzureCloud.x', properties: { region: 'x y', addressPrefixes: {} } },
          ],
        },
      },
      [
        'azure.changeNumber: wanted a whole number of 0 or more, came -1',
        'azure.values[0].name: wanted a text, came nothing',
        'azure.values[0].properties: wanted an object, came nothing',
        'azure.values[1].properties: wanted an object, came null',
        'azure.values[2].properties.region: wanted 1 to 64 letters, digits and hyphens, came "x y"',
        'azure.values[2].properties.addressPrefixes: wanted a list, came an object',
      ],
    ],
  ])('of %s', ([, documents, problems]) => {
    expect(problemsOf(documents)).toEqual(problems)
  })

  test('a document of no prefixes', () => {
    const documents = documentsOf({ aws: [], gcp: [['1.0.0.0/8', 'x']], azure: [] })
    expect(problemsOf(documents)).toEqual([
      'aws: wanted at least one prefix, came none',
      'azure: wanted at least one prefix, came none',
    ])
    expect(problemsOf({})).toEqual(['documents: wanted at least one prefix, came none'])
  })

  test('the first twenty in the message, all in the list', () => {
    const documents = documentsOf({ gcp: Array.from({ length: 25 }, () => ['x', 'y'] as const) })
    expect(problemsOf(documents)).toHaveLength(25)
    expect(() => compileRanges(documents, crc32)).toThrow(/came "x"\n {2}and 5 more$/)
  })

  function problemsOf(documents: object): readonly string[] {
    try {
      compileRanges(documents, crc32)
    } catch (error) {
      return (error as { problems: readonly string[] }).problems
    }
    return []
  }
})

test('more locations than a table can count are refused', () => {
  const rows = Array.from(
    { length: 16_384 },
    (_, at) => [`10.0.${at >> 8}.${at & 255}/32`, `r-${at}`] as const,
  )
  expect(() => compileRanges(documentsOf({ gcp: rows }), crc32)).toThrow(
    'a table has room for 16383 locations, came 16384',
  )
})
