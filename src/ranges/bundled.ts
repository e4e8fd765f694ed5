import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createAddressTable } from '../core/address-table.ts'
import type { AddressTable } from '../core/address-table.ts'

/** The compiled table that comes with nearport: see data/README.md. */
export const bundledTablePath = fileURLToPath(new URL('../../data/ranges.bin', import.meta.url))

/** Reads the table that comes with nearport. Throws when the file is missing or damaged: then the installation is. */
export function loadBundledTable(): AddressTable {
  return createAddressTable(readFileSync(bundledTablePath))
}
