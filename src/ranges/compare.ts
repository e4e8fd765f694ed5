import type { AddressFamily } from '../core/address.ts'
import { addressText } from './address-text.ts'
import type { TableContent } from './encode.ts'
import { overlay } from './flatten.ts'
import { familySize } from './prefix.ts'

/** Neighbouring addresses that two tables answer differently. */
export type RangesDifference = {
  readonly first: string
  readonly last: string
  /** What each of the two says: `aws/eu-west-3`, `aws/eu-west-3 (EC2)`, or `nobody`. */
  readonly one: string
  readonly other: string
}

/**
 * Every run of addresses for which two tables say something else, IPv4 first, in the order of
 * addresses.
 */
export function compareTables(one: TableContent, other: TableContent): readonly RangesDifference[] {
  return [...compareFamily(4, one, other), ...compareFamily(6, one, other)]
}

function compareFamily(
  family: AddressFamily,
  one: TableContent,
  other: TableContent,
): readonly RangesDifference[] {
  const key = family === 4 ? 'ipv4' : 'ipv6'
  // Tables number their locations as they like, so answers are compared by name. Number 0 is for
  // those that agree.
  const pairs = new Map<string, number>()
  const names: (readonly [string, string])[] = [['', '']]
  const spans = overlay(one[key], other[key], (a, b) => {
    const pair = [nameOf(one, a), nameOf(other, b)] as const
    if (pair[0] === pair[1]) return 0
    const known = pairs.get(pair.join())
    if (known !== undefined) return known
    pairs.set(pair.join(), names.length)
    return names.push(pair) - 1
  })

  return spans.flatMap(({ start, answer }, at) => {
    if (answer === 0) return []
    const end = spans[at + 1]?.start ?? familySize[family]
    const [inOne, inOther] = names[answer]!
    return {
      first: addressText(family, start),
      last: addressText(family, end - 1n),
      one: inOne,
      other: inOther,
    }
  })
}

function nameOf({ locations }: TableContent, answer: number): string {
  const location = locations[(answer - 1) >> 1]
  if (location === undefined) return 'nobody'
  return `${location.cloud}/${location.region}${answer % 2 === 0 ? ' (EC2)' : ''}`
}
