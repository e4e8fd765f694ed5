import * as z from 'zod'
import type { AddressFamily } from '../core/address.ts'
import type { RangesSource } from '../core/address-table-metadata.ts'
import { parsePrefix } from './prefix.ts'
import type { Prefix } from './prefix.ts'

/**
 * A region as a vendor spells it, known to us or not. It goes into headers and tab-separated lines
 * as it is, so it may hold nothing but what every region so far is made of.
 */
export const regionName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'wanted 1 to 64 letters, digits and hyphens')

/** A prefix's text to a prefix of that family, or of either when none is given. */
export function prefixText(family?: AddressFamily): z.ZodType<Prefix, string> {
  const wanted = family === undefined ? 'an IPv4 or IPv6 prefix' : `an IPv${family} prefix`
  return z.string().transform((text, context) => {
    const prefix = parsePrefix(text)
    if (prefix !== undefined && (family ?? prefix.family) === prefix.family) return prefix
    const came = JSON.stringify(text.slice(0, 64))
    context.addIssue({
      code: 'custom',
      message: `wanted ${wanted} with no bits beyond it, came ${came}`,
    })
    return z.NEVER
  })
}

/** How many different prefixes there are. AWS lists one once for every service that has it. */
export function countDifferent(prefixes: readonly Prefix[]): RangesSource['prefixes'] {
  const different = { 4: new Set<string>(), 6: new Set<string>() }
  for (const { family, start, length } of prefixes) different[family].add(`${start}/${length}`)
  return { ipv4: different[4].size, ipv6: different[6].size }
}
