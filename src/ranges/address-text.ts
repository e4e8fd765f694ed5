import type { AddressFamily } from '../core/address.ts'

/** An address's text: dotted for IPv4, RFC 5952's canonical form for IPv6. */
export function addressText(family: AddressFamily, address: bigint): string {
  if (family === 4) return parts(address, 4, 8n).join('.')

  const groups = parts(address, 8, 16n).map((group) => group.toString(16))
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function parts(address: bigint, count: number, bits: bigint): number[] {
  return Array.from({ length: count }, (_, at) =>
    Number((address >> (bits * BigInt(count - 1 - at))) & ((1n << bits) - 1n)),
  )
}

/** The first of the longest runs of zero groups, which `::` stands for. */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    const end = groups.findIndex((group, at) => at >= start && group !== '0')
    const length = (end < 0 ? groups.length : end) - start
    if (length > longest.length) longest = { start, length }
  }
  return longest
}
