import type { AddressFamily } from './address.ts'
import { addressWords, readAddress } from './address.ts'

/** A few ranges of addresses, for a rule of an operator's own. */
export type AddressRanges = {
  /** Whether a textual address is in one of them; what is no address is in none. */
  readonly has: (address: string) => boolean
}

/** The first bits of addresses, in words with the most significant first. */
type Range = {
  readonly family: AddressFamily
  readonly words: readonly number[]
  readonly bits: number
}

/**
 * Makes ranges out of CIDR texts such as `203.0.113.0/24` or `2001:db8::/32`, of both families. An
 * IPv4-mapped address is the IPv4 address that it stands for. Throws a RangeError that names the
 * first text that is none; bits after the prefix are refused, as they are a slip or a
 * misunderstanding.
 */
export function createAddressRanges(cidrs: readonly string[]): AddressRanges {
  const ranges = cidrs.map((text) => {
    const range = parseRange(text)
    if (typeof range === 'string') throw new RangeError(range)
    return range
  })
  return {
    has(address) {
      if (ranges.length === 0) return false
      const family = readAddress(address)
      return ranges.some((range) => range.family === family && isIn(range))
    },
  }
}

/** A range, or what was wanted and what came. */
export function parseRange(text: string): Range | string {
  const slash = text.indexOf('/')
  const family = slash === -1 ? undefined : readAddress(text.slice(0, slash))
  const length = text.slice(slash + 1)
  const most = family === 4 ? 32 : 128
  if (family === undefined || !/^\d{1,3}$/.test(length) || Number(length) > most) {
    return `wanted a range such as 203.0.113.0/24 or 2001:db8::/32, got ${text.slice(0, 60)}`
  }
  const bits = Number(length)
  const words = [...addressWords.subarray(0, most / 32)]
  if (words.some((word, at) => (word & maskOf(bits, at)) >>> 0 !== word)) {
    return `wanted no bits after the first ${bits}, got ${text.slice(0, 60)}`
  }
  return { family, words, bits }
}

/** Whether the address that was read last is in a range of its family. */
function isIn({ words, bits }: Range): boolean {
  return words.every((word, at) => (addressWords[at]! & maskOf(bits, at)) >>> 0 === word)
}

/** The bits of a word that a prefix of so many bits covers. */
function maskOf(bits: number, at: number): number {
  const covered = Math.min(32, Math.max(0, bits - 32 * at))
  // A shift by 32 is one by nothing.
  return covered === 0 ? 0 : -1 << (32 - covered)
}
