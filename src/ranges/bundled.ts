import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { createAddressTable } from '../core/address-table.ts'
import type { AddressTable } from '../core/address-table.ts'

/** The compiled table that comes with nearport: see data/README.md. */
export const bundledTablePath = fileURLToPath(new URL('../../data/ranges.bin', import.meta.url))

/** A compiled table's reader. Throws an Error for what is not a whole table. */
export function openTable(bytes: Uint8Array): AddressTable {
  return createAddressTable(bytes, crc32)
}

/**
 * Reads the table that comes with nearport. Throws when the file is missing or damaged: then the
 * installation is.
 */
export function loadBundledTable(): AddressTable {
  return openTable(readFileSync(bundledTablePath))
}
