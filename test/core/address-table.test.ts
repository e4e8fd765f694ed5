import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openTable } from '../../src/ranges/bundled.ts'
import { sealTable } from '../../src/core/address-table-format.ts'
import { compileRanges } from '../../src/ranges/compile.ts'
import { documentsOf } from '../ranges/sample-documents.ts'

const bytes = compileRanges(
  documentsOf({
    aws: [
      ['15.193.0.0/19', 'GLOBAL'],
      ['15.193.0.0/24', 'ap-south-1', 'EC2'],
      ['15.193.0.128/25', 'us-south-1'],
      ['255.255.255.255/32', 'eu-west-1'],
      ['2400:6500:0:9::2/128', 'ap-southeast-3'],
      ['2600:1f01::/32', 'us-west-2', 'EC2'],
      ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', 'eu-west-1'],
    ],
    gcp: [['2600:1900:4000::/44', 'us-central1']],
  }),
  crc32,
)
const table = openTable(bytes)

test.for([
  ['the longest prefix wins', '15.193.0.7', 'aws/ap-south-1'],
  ['a prefix within a prefix within a prefix wins', '15.193.0.200', 'aws/us-south-1'],
  ['the outer prefix holds past the inner one', '15.193.1.0', 'aws/GLOBAL'],
  ['the outer prefix holds to its end', '15.193.31.255', 'aws/GLOBAL'],
  ['past the end is nobody', '15.193.32.0', undefined],
  ['before the start is nobody', '15.192.255.255', undefined],
  ['the first address there is, is nobody’s', '0.0.0.0', undefined],
  ['the last IPv4 address can be somebody’s', '255.255.255.255', 'aws/eu-west-1'],
  ['an IPv4-mapped address is the IPv4 address', '::ffff:15.193.0.7', 'aws/ap-south-1'],
  ['an IPv4-compatible address is not', '::15.193.0.7', undefined],
  ['one IPv6 address alone can be somebody’s', '2400:6500:0:9::2', 'aws/ap-southeast-3'],
  ['its neighbour before is not', '2400:6500:0:9::1', undefined],
  ['its neighbour after is not', '2400:6500:0:9::3', undefined],
  ['the next network is not', '2400:6500:0:a::', undefined],
  ['an IPv6 prefix holds to its end', '2600:1f01:ffff:ffff:ffff:ffff:ffff:ffff', 'aws/us-west-2'],
  ['past its end is nobody', '2600:1f02::', undefined],
  ['another cloud is near', '2600:1900:400f:ffff::1', 'gcp/us-central1'],
  ['the first IPv6 address is nobody’s', '::', undefined],
  ['an address between known networks is nobody’s', '2500::1', undefined],
  ['the last IPv6 address can be somebody’s', `${'ffff:'.repeat(7)}ffff`, 'aws/eu-west-1'],
  ['the one before it is nobody’s', `${'ffff:'.repeat(7)}fffe`, undefined],
  ['what is no address is nowhere', 'localhost', undefined],
])('%s', ([, address, wanted]) => {
  const location = table.locate(address!)
  expect(location && `${location.cloud}/${location.region}`).toBe(wanted)
})

test('the same location is always the same frozen object, and is listed', () => {
  const location = table.locate('15.193.0.7')!
  expect(table.locate('15.193.0.8')).toBe(location)
  expect(table.locations).toContain(location)
  expect(Object.isFrozen(location) && Object.isFrozen(table.locations)).toBe(true)
})

test('locations are listed cloud by cloud, GLOBAL last', () => {
  expect(table.locations.map(({ cloud, region }) => `${cloud}/${region}`)).toEqual([
    'aws/ap-south-1',
    'aws/ap-southeast-3',
    'aws/eu-west-1',
    'aws/us-south-1',
    'aws/us-west-2',
    'aws/GLOBAL',
    'gcp/us-central1',
  ])
})

test('sources say which documents, of when, and how much of them', () => {
  expect(table.sources).toEqual([
    {
      cloud: 'aws',
      document: 'ip-ranges.json',
      version: '1785313625',
      date: '2026-07-29T08:27:05.000Z',
      prefixes: { ipv4: 4, ipv6: 3 },
    },
    {
      cloud: 'gcp',
      document: 'cloud.json',
      version: '1785333953849',
      date: '2026-07-29T14:05:53.849Z',
      prefixes: { ipv4: 0, ipv6: 1 },
    },
  ])
  expect(table.sources.every((source) => Object.isFrozen(source.prefixes))).toBe(true)
})

test.for([
  ['15.193.0.7', true],
  // A longer prefix takes the region, and is in EC2's all the same.
  ['15.193.0.200', true],
  ['15.193.1.0', false],
  ['2600:1f01::1', true],
  ['2600:1900:4000::1', false],
  ['8.8.8.8', false],
  ['localhost', false],
] as const)('whether %s is EC2’s: %s', ([address, wanted]) => {
  expect(table.isEc2(address)).toBe(wanted)
})

test('bytes that begin anywhere in a larger buffer are read', () => {
  const pool = new Uint8Array(bytes.length + 3)
  pool.set(bytes, 3)
  expect(openTable(pool.subarray(3)).locate('15.193.0.7')?.region).toBe('ap-south-1')
})

describe('what is not a table is refused:', () => {
  /**
   * The table with one word changed, and its checksum made to match when the word is not under test
   * by it.
   */
  function withWord(at: number, word: number, sealed = false): Uint8Array {
    const changed = bytes.slice()
    new DataView(changed.buffer).setUint32(at * 4, word, true)
    if (sealed) sealTable(changed, crc32)
    return changed
  }

  test.for<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'wanted at least 44 bytes, came 0'],
    ['a file that is too short', bytes.subarray(0, 43), 'wanted at least 44 bytes, came 43'],
    ['another kind of file', withWord(0, 0x04034b50), 'wanted the letters NPAT, came 0x4034b50'],
    ['a version to come', withWord(1, 2), 'wanted format version 1, came 2'],
    ['a cut file', bytes.subarray(0, -1), `wanted ${bytes.length} bytes, came ${bytes.length - 1}`],
    [
      'a file with something after it',
      new Uint8Array([...bytes, 0]),
      `wanted ${bytes.length} bytes`,
    ],
    ['another checksum', withWord(3, 1), 'wanted checksum 1, came '],
    ['columns that do not fit', withWord(5, 70_000, true), 'wanted columns of '],
  ])('%s', ([, damaged, message]) => {
    expect(() => openTable(damaged)).toThrow(`not a table of address ranges: ${message}`)
  })

  test('any byte changed', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 0x40
      expect(() => openTable(changed), `byte ${at}`).toThrow('not a table')
    }
  })
})

test('of many IPv6 networks each is found among its neighbours, and nobody in between', () => {
  // Nothing regular, so that some share a slot of the table's hash.
  const networks = Array.from({ length: 400 }, (_, n) =>
    (0x2600_0000 + 2 * ((n * n * 31) % 100_003)).toString(16),
  )
  const prefixOf = (hex: string) => `${hex.slice(0, 4)}:${hex.slice(4)}`
  const rows = networks.map(
    (hex, n) => [`${prefixOf(hex)}::/32`, n % 2 === 0 ? 'eu-west-1' : 'us-west-2'] as const,
  )
  const many = openTable(compileRanges(documentsOf({ aws: rows }), crc32))
  const regions = networks.map((hex) => many.locate(`${prefixOf(hex)}::1`)?.region)
  expect(regions).toEqual(rows.map(([, region]) => region))
  const between = networks.map((hex) => (Number.parseInt(hex, 16) + 1).toString(16))
  expect(between.filter((hex) => many.locate(`${prefixOf(hex)}::1`) !== undefined)).toEqual([])
})
