import type { AddressFamily } from '../core/address.ts'
import type { AddressTableMetadata } from '../core/address-table-metadata.ts'
import type { ClientLocation } from '../core/location.ts'
import type { AddressFlow } from '../core/ranges-flow.ts'
import { regionText } from '../core/ranges-flow.ts'
import type { TableContent } from './encode.ts'
import { overlay } from './flatten.ts'
import type { Span } from './flatten.ts'
import { familySize } from './prefix.ts'

/** Which addresses two tables have where: each pair of locations once, and none that are nobody's. */
export function flowsBetween(one: TableContent, other: TableContent): readonly AddressFlow[] {
  const flows = new Map<string, AddressFlow>()
  for (const family of [4, 6] as const) addFlows(flows, family, one, other)
  return [...flows.values()]
}

function addFlows(
  flows: Map<string, AddressFlow>,
  family: AddressFamily,
  one: TableContent,
  other: TableContent,
): void {
  const key = family === 4 ? 'ipv4' : 'ipv6'
  // Which of the two says what of a span, in one number: an answer has 16 bits.
  const spans = overlay(one[key], other[key], (a, b) => (a << 16) | b)
  for (const [at, span] of spans.entries()) {
    if (span.answer === 0) continue
    const from = locationOf(one, span.answer >>> 16)
    const to = locationOf(other, span.answer & 0xffff)
    const end = spans[at + 1]?.start ?? familySize[family]
    const name = [from, to].map((location) => location && regionText(location)).join()
    const { ipv4, ipv6 } = flows.get(name)?.count ?? { ipv4: 0, ipv6: 0 }
    const count = countAddresses(family, span, end)
    const sum = family === 4 ? { ipv4: ipv4 + count, ipv6 } : { ipv4, ipv6: ipv6 + count }
    flows.set(name, { from, to, count: sum })
  }
}

/** The addresses of an IPv4 span; the networks of /64 that an IPv6 one has a part of. */
function countAddresses(family: AddressFamily, { start }: Span, end: bigint): number {
  if (family === 4) return Number(end - start)
  return Number(((end - 1n) >> 64n) - (start >> 64n)) + 1
}

/** The location that an answer names: see address-table-format.ts. */
function locationOf(
  { locations }: AddressTableMetadata,
  answer: number,
): ClientLocation | undefined {
  return answer === 0 ? undefined : locations[(answer - 1) >> 1]
}
