import * as z from 'zod'
import { countDifferent, prefixText, regionName } from './document.ts'
import type { PublishedPrefix, PublishedRanges } from './published.ts'

const row = z
  .object({
    ipv4Prefix: prefixText(4).optional(),
    ipv6Prefix: prefixText(6).optional(),
    scope: regionName,
  })
  .transform(({ ipv4Prefix, ipv6Prefix, scope }, context): PublishedPrefix => {
    const prefix = ipv4Prefix ?? ipv6Prefix
    if (prefix !== undefined && (ipv4Prefix === undefined || ipv6Prefix === undefined)) {
      return { ...prefix, location: { cloud: 'gcp', region: scope }, ec2: false }
    }
    const came = prefix === undefined ? 'neither' : 'both'
    context.addIssue({ code: 'custom', message: `wanted ipv4Prefix or ipv6Prefix, came ${came}` })
    return z.NEVER
  })

/**
 * Google Cloud's cloud.json: customers' addresses, by region or `global`.
 * Format: https://support.google.com/a/answer/10026322
 */
export const gcpDocument = z
  .object({
    syncToken: z.string().regex(/^\d{1,13}$/, 'wanted milliseconds since 1970'),
    prefixes: z.array(row),
  })
  .transform(({ syncToken, prefixes }): PublishedRanges => ({
    source: {
      cloud: 'gcp',
      document: 'cloud.json',
      version: syncToken,
      // creationTime says the same in Pacific time, and does not say that it does.
      date: new Date(Number(syncToken)).toISOString(),
      prefixes: countDifferent(prefixes),
    },
    prefixes,
  }))
