import * as z from 'zod'
import { countDifferent, prefixText, regionName } from './document.ts'
import type { PublishedPrefix, PublishedRanges } from './published.ts'

const row = { region: regionName, service: z.string() }

/**
 * AWS's ip-ranges.json. Every service counts, for EC2 alone would leave a quarter of AWS's IPv4
 * addresses unknown; which are EC2's is kept. `network_border_group` is left: `region` names a
 * local zone's parent, where its buckets are. Format:
 * https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
export const awsDocument = z
  .object({
    syncToken: z.string().regex(/^\d{1,10}$/, 'wanted seconds since 1970'),
    prefixes: z.array(z.object({ ip_prefix: prefixText(4), ...row })),
    ipv6_prefixes: z.array(z.object({ ipv6_prefix: prefixText(6), ...row })),
  })
  .transform((document): PublishedRanges => {
    const rows = [
      ...document.prefixes.map(({ ip_prefix: prefix, ...rest }) => ({ prefix, ...rest })),
      ...document.ipv6_prefixes.map(({ ipv6_prefix: prefix, ...rest }) => ({ prefix, ...rest })),
    ]
    const prefixes = rows.map(({ prefix, region, service }): PublishedPrefix => ({
      ...prefix,
      location: { cloud: 'aws', region },
      ec2: service === 'EC2',
    }))
    return {
      source: {
        cloud: 'aws',
        document: 'ip-ranges.json',
        version: document.syncToken,
        date: new Date(Number(document.syncToken) * 1000).toISOString(),
        prefixes: countDifferent(prefixes),
      },
      prefixes,
    }
  })
