import { addressWords, readAddress } from '../core/address.ts'
import type { AddressFamily } from '../core/address.ts'

/** A CIDR prefix as numbers: the addresses from `start` up to, not including, `end`. */
export type Prefix = {
  readonly family: AddressFamily
  readonly start: bigint
  readonly end: bigint
  /** In bits: 0 to 32 or 128. */
  readonly length: number
}

/** How many addresses a family has. */
export const familySize = { 4: 1n << 32n, 6: 1n << 128n } as const

/**
 * Reads `address/length`. Undefined for anything else, and for a prefix with bits beyond its
 * length: a vendor that publishes one has made a mistake, and which is not ours to guess.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/')
  const family = readAddress(text.slice(0, slash))
  const length = Number(text.slice(slash + 1))
  if (slash < 0 || family === undefined || String(length) !== text.slice(slash + 1))
    return undefined
  // An IPv4-mapped prefix would be read as IPv4 with a length that counts from elsewhere.
  if (family === 4 && text.includes(':')) return undefined

  const bits = family === 4 ? 32 : 128
  if (!Number.isInteger(length) || length < 0 || length > bits) return undefined
  const start = family === 4 ? BigInt(addressWords[0]!) : joinWords()
  const size = 1n << BigInt(bits - length)
  return start % size === 0n ? { family, start, end: start + size, length } : undefined
}

function joinWords(): bigint {
  return addressWords.reduce<bigint>((address, word) => (address << 32n) | BigInt(word), 0n)
}
