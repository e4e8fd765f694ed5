import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { addressWords, readAddress } from '../core/address.ts'
import { isPrivateHost } from '../proxy/upstream/address.ts'

/**
 * A lookup that gives public addresses only: those in private networks are left out, and where
 * nothing is left it fails, with what `leadsAway` makes of the name and an address it had.
 */
export function guardLookup(
  lookup: LookupFunction,
  leadsAway: (hostname: string, got: string) => Error,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      // Asked for all, it never gives one.
      const all = found as readonly LookupAddress[]
      const open = all.filter(({ address }) => !isPrivateAddress(address))
      const [first] = open
      if (first === undefined) return callback(leadsAway(hostname, all[0]?.address ?? 'none'), [])
      if (options.all === true) return callback(null, open)
      return callback(null, first.address, first.family)
    })
  }
}

/** Whether an address that a name resolved to is of this machine or of a network behind it. */
export function isPrivateAddress(address: string): boolean {
  if (readAddress(address) !== 6) return isPrivateHost(address)
  const [first, second, third, last] = addressWords
  if (first !== nat64 || second !== 0 || third !== 0) return isPrivateHost(address)
  return isPrivateHost([24, 16, 8, 0].map((shift) => (last! >>> shift) & 0xff).join('.'))
}

/** 64:ff9b::/96, by which IPv6-only networks reach IPv4 (RFC 6052): it is as private as that. */
const nat64 = 0x00_64_ff_9b
