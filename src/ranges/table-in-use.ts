import type { Crc32 } from '../core/address-table-format.ts'
import type { AddressTable } from '../core/address-table.ts'
import { createAddressTable } from '../core/address-table.ts'

/** A table that may be swapped under its readers' hands. */
export type TableInUse = {
  /** Each call is answered by the newest one, whole. */
  readonly table: AddressTable
  readonly bytes: () => Uint8Array
  /** Throws an Error where these are no whole table, and then keeps what it has. */
  readonly put: (bytes: Uint8Array) => void
}

/** Opens a first table. Throws an Error where these bytes are none. */
export function createTableInUse(first: Uint8Array, crc32: Crc32): TableInUse {
  const open = (bytes: Uint8Array) => ({ bytes, table: createAddressTable(bytes, crc32) })
  let now = open(first)
  return {
    table: {
      locate: (text) => now.table.locate(text),
      isEc2: (text) => now.table.isEc2(text),
      get locations() {
        return now.table.locations
      },
      get sources() {
        return now.table.sources
      },
    },
    bytes: () => now.bytes,
    put(bytes) {
      now = open(bytes)
    },
  }
}
