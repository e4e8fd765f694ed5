import type { Crc32 } from './address-table-format.ts'
import { openColumns } from './address-table-format.ts'
import { readMetadata } from './address-table-metadata.ts'
import type { RangesSource } from './address-table-metadata.ts'
import { createSearch } from './address-table-search.ts'
import type { ClientLocation } from './location.ts'

/** What the vendors' published ranges say about addresses, in memory. */
export type AddressTable = {
  /**
   * The cloud and region of a textual address, by the longest published prefix that has it. Always
   * the same frozen object for the same location. Undefined for nobody's addresses and for what is
   * no address; it never throws.
   */
  readonly locate: (text: string) => ClientLocation | undefined
  /**
   * Whether a textual address is in AWS and in a prefix of its service EC2: where instances' own
   * addresses are.
   */
  readonly isEc2: (text: string) => boolean
  /** Every location there is, the vendors' unannounced regions and `GLOBAL` among them. */
  readonly locations: readonly ClientLocation[]
  /** The vendors' documents that the table was compiled from. */
  readonly sources: readonly RangesSource[]
}

/**
 * A reader over a compiled table's bytes, which it keeps and nobody may change after. Throws an
 * Error that says what was wanted and what came when they are not a whole table of this version.
 */
export function createAddressTable(bytes: Uint8Array, crc32: Crc32): AddressTable {
  const columns = openColumns(bytes, crc32)
  const { locations, sources } = readMetadata(columns.metadata)
  const answerOf = createSearch(columns)

  const located: (ClientLocation | undefined)[] = [undefined]
  for (const location of locations) located.push(location, location)
  return {
    locate: (text) => located[answerOf(text)],
    isEc2: (text) => {
      const answer = answerOf(text)
      return answer > 0 && answer % 2 === 0
    },
    locations,
    sources,
  }
}
