import { createAddressRanges } from '../core/address-ranges.ts'
import type { RequestHead } from './request-head.ts'

/** Who must not be sent to a mirror, by any of these. */
export type OptOutRules = {
  /** Names that clients ask by, in lower case, without a port. */
  readonly hosts: readonly string[]
  /** Ranges of addresses, as CIDR. */
  readonly addresses: readonly string[]
  /** A header that says so by being there. */
  readonly header?: string | undefined
}

/** Tells who must not be sent to a mirror. */
export type OptOut = {
  readonly has: (head: RequestHead, addressOf: () => string | undefined) => boolean
  /** Whether it is so for whoever comes from an address. */
  readonly hasAddress: (address: string) => boolean
}

/**
 * Makes the rule for clients in networks that refuse foreign buckets: a VPC endpoint's policy, or an
 * organisation's data perimeter, answers 403 there, and no client comes back from that by itself.
 * Undefined where nobody is to be left out, so that nothing is looked at. Throws a RangeError for
 * what is no range.
 */
export function createOptOut({ hosts, addresses, header }: OptOutRules): OptOut | undefined {
  if (hosts.length === 0 && addresses.length === 0 && header === undefined) return undefined
  const ranges = createAddressRanges(addresses)
  const names = new Set(hosts)
  const mark = header?.toLowerCase()
  const isIn = (address: string | undefined) => address !== undefined && ranges.has(address)
  return {
    has: (head, addressOf) =>
      (names.size > 0 && names.has(nameOf(head.host))) ||
      (mark !== undefined && head.header(mark) !== null) ||
      // Reading the address costs the most, and the locating of the client reads it again.
      (addresses.length > 0 && isIn(addressOf())),
    hasAddress: ranges.has,
  }
}

/** A host's name in lower case, without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d{0,5}$/, '').toLowerCase()
}
