import type { Crc32 } from '../core/address-table-format.ts'
import { openColumns } from '../core/address-table-format.ts'
import type { RangesSource } from '../core/address-table-metadata.ts'
import { readMetadata } from '../core/address-table-metadata.ts'
import { compareVersions } from '../core/ranges-update.ts'
import { replaceCloud } from './combine.ts'
import { decodeTable } from './decode.ts'
import { encodeTable } from './encode.ts'

/**
 * Which of two tables has the newer documents: `one` too where they are the same, `both` where each
 * has one that the other lacks. Throws an Error where one of them is no whole table.
 */
export function newerOf(
  one: Uint8Array,
  other: Uint8Array,
  crc32: Crc32,
): 'one' | 'other' | 'both' {
  const [ofOne, ofOther] = [readSources(one, crc32), readSources(other, crc32)]
  if (!ofOther.some((source) => isNewer(source, ofOne))) return 'one'
  return ofOne.some((source) => isNewer(source, ofOther)) ? 'both' : 'other'
}

/** A table with the newer document of each cloud. Takes a tenth of a second of work. */
export function mergeTables(one: Uint8Array, other: Uint8Array, crc32: Crc32): Uint8Array {
  const update = decodeTable(other, crc32)
  const start = decodeTable(one, crc32)
  const newer = update.sources.filter((source) => isNewer(source, start.sources))
  const merged = newer.reduce((table, { cloud }) => replaceCloud(table, update, cloud), start)
  return encodeTable(merged, crc32)
}

function readSources(table: Uint8Array, crc32: Crc32): readonly RangesSource[] {
  return readMetadata(openColumns(table, crc32).metadata).sources
}

function isNewer({ cloud, version }: RangesSource, than: readonly RangesSource[]): boolean {
  const other = than.find((source) => source.cloud === cloud)
  return other === undefined || compareVersions(version, other.version) > 0
}
