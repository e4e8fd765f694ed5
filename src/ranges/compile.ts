import type { AddressFamily } from '../core/address.ts'
import type { Crc32 } from '../core/address-table-format.ts'
import type { ClientLocation } from '../core/location.ts'
import { readDocuments } from './documents.ts'
import type { RangesDocuments } from './documents.ts'
import type { TableContent } from './encode.ts'
import { encodeTable } from './encode.ts'
import { flatten, overlay } from './flatten.ts'
import type { Span } from './flatten.ts'
import { compareLocations, mergeRows } from './merge.ts'
import type { PublishedPrefix } from './published.ts'

/**
 * The vendors' documents as one table for `createAddressTable`. The same documents, rows in any
 * order, give the same bytes. Throws a RangesError when a document is not what its vendor
 * publishes.
 */
export function compileRanges(documents: RangesDocuments, crc32: Crc32): Uint8Array {
  return encodeTable(compileContent(documents), crc32)
}

/** The same as what such a table says. */
export function compileContent(documents: RangesDocuments): TableContent {
  const published = readDocuments(documents)
  const rows = published.flatMap(({ prefixes }) => prefixes)
  const locations = listLocations(rows)
  const answers = new Map(locations.map((location, at) => [nameOf(location), 1 + 2 * at]))

  const isAws = (answer: number): boolean => locations[(answer - 1) / 2]?.cloud === 'aws'
  const spansOf = (family: AddressFamily): readonly Span[] => {
    const ofFamily = rows.filter((row) => row.family === family)
    const located = mergeRows(ofFamily).map((row) => ({
      ...row,
      answer: answers.get(nameOf(row.location))!,
    }))
    const ec2 = ofFamily.filter((row) => row.ec2).map((row) => ({ ...row, answer: 1 }))
    // What another cloud took out of a prefix of EC2's is not EC2's.
    return overlay(flatten(family, located), flatten(family, ec2), (answer, inEc2) =>
      isAws(answer) ? answer + inEc2 : answer,
    )
  }
  return {
    sources: published.map(({ source }) => source),
    locations,
    ipv4: spansOf(4),
    ipv6: spansOf(6),
  }
}

function listLocations(rows: readonly PublishedPrefix[]): readonly ClientLocation[] {
  const different = new Map(rows.map(({ location }) => [nameOf(location), location]))
  return [...different.values()].toSorted(compareLocations)
}

function nameOf({ cloud, region }: ClientLocation): string {
  return `${cloud}/${region}`
}
