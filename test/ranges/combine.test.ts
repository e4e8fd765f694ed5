import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTable, bundledTablePath } from '../../src/ranges/bundled.ts'
import { replaceCloud } from '../../src/ranges/combine.ts'
import { compileContent, compileRanges } from '../../src/ranges/compile.ts'
import { decodeTable } from '../../src/ranges/decode.ts'
import { encodeTable } from '../../src/ranges/encode.ts'
import { mergeTables, newerOf } from '../../src/ranges/newest.ts'
import { gcpDocument, tableOf } from './fresh-documents.ts'
import { documentsOf } from './sample-documents.ts'
import type { Row } from './sample-documents.ts'

test('a cloud’s own addresses in the place of its own change no byte of the shipped table', () => {
  const bytes = readFileSync(bundledTablePath)
  const table = decodeTable(bytes, crc32)
  const again = encodeTable(replaceCloud(table, table, 'aws'), crc32)
  expect(Buffer.compare(again, bytes)).toBe(0)
})

/** Each cloud has a /8 of IPv4 and a /24 of IPv6 of its own, in which its prefixes are. */
function rowsIn(first: number): fc.Arbitrary<readonly Row[]> {
  const row = fc
    .tuple(
      fc.nat(255),
      fc.integer({ min: 9, max: 24 }),
      fc.constantFrom('a', 'b', 'c'),
      fc.boolean(),
    )
    .map(([at, length, region, isEc2]): Row => {
      const second = (at >> (16 - Math.min(length, 16))) << (16 - Math.min(length, 16))
      return [`${first}.${second & 255}.0.0/${length}`, region, isEc2 ? 'EC2' : 'S3']
    })
  const ipv6 = fc
    .tuple(fc.nat(255), fc.constantFrom(48, 64, 80, 128), fc.constantFrom('a', 'd'))
    .map(([at, length, region]): Row => [`2${first}:${at.toString(16)}::/${length}`, region])
  return fc
    .tuple(fc.array(row, { maxLength: 8 }), fc.array(ipv6, { maxLength: 4 }))
    .map(([four, six]) => [[`${first}.0.0.0/24`, 'z'], ...four, ...six])
}

test('replacing one cloud gives the bytes that compiling all documents gives', () => {
  fc.assert(
    fc.property(
      rowsIn(10),
      rowsIn(11),
      rowsIn(12),
      rowsIn(10),
      rowsIn(11),
      (aws, gcp, azure, awsAfter, gcpAfter) => {
        const before = compileContent(documentsOf({ aws, gcp, azure }))
        const withAws = replaceCloud(before, compileContent(documentsOf({ aws: awsAfter })), 'aws')
        expect(encodeTable(withAws, crc32)).toEqual(
          compileRanges(documentsOf({ aws: awsAfter, gcp, azure }), crc32),
        )
        const withGcp = replaceCloud(withAws, compileContent(documentsOf({ gcp: gcpAfter })), 'gcp')
        expect(encodeTable(withGcp, crc32)).toEqual(
          compileRanges(documentsOf({ aws: awsAfter, gcp: gcpAfter, azure }), crc32),
        )
      },
    ),
    { numRuns: 20 },
  )
})

test('what two clouds claim is the first one’s', () => {
  const one = compileContent(documentsOf({ aws: [['10.0.0.0/8', 'a']] }))
  const other = compileContent(documentsOf({ gcp: [['10.1.0.0/16', 'g']] }))
  const table = openTable(encodeTable(replaceCloud(one, other, 'gcp'), crc32))
  expect(table.locate('10.1.2.3')).toEqual({ cloud: 'aws', region: 'a' })
  expect(table.locations).toHaveLength(2)
})

test('of two tables it is told which has the newer documents', () => {
  const [older, newer] = [tableOf(1000), tableOf(2000)]
  const mixed = tableOf(1000, { gcpVersion: 1_700_000_000_001 })
  const tell = (one: Uint8Array, other: Uint8Array) => newerOf(one, other, crc32)
  expect(tell(older, older.slice())).toBe('one')
  expect(tell(newer, older)).toBe('one')
  expect(tell(older, newer)).toBe('other')
  expect(tell(newer, mixed)).toBe('both')
  const merged = openTable(mergeTables(newer, mixed, crc32))
  expect(merged.sources.map(({ version }) => version)).toEqual(['2000', '1700000000001', '420'])
})

test('a cloud that only one of two tables has is in what they are merged to', () => {
  const aws = compileRanges(documentsOf({ aws: [['10.0.0.0/8', 'a']] }), crc32)
  const gcp = compileRanges({ gcp: gcpDocument(9) }, crc32)
  expect(newerOf(aws, gcp, crc32)).toBe('both')
  const { sources } = openTable(mergeTables(aws, gcp, crc32))
  expect(sources.map(({ cloud }) => cloud)).toEqual(['aws', 'gcp'])
})
