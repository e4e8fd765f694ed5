import type { AddressFamily } from '../core/address.ts'
import type { Place } from './document.ts'
import { countDifferent, fieldsOf, readPrefix, readRegion, readText, rowsOf } from './document.ts'
import type { PublishedPrefix, PublishedRanges } from './published.ts'

/**
 * Reads AWS's ip-ranges.json; undefined, and told, where it is none. Every service counts, for EC2
 * alone would leave a quarter of AWS's IPv4 addresses unknown; which are EC2's is kept.
 * `network_border_group` is left: `region` names a local zone's parent, where its buckets are. Format:
 * https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
export function readAwsDocument(document: Place): PublishedRanges | undefined {
  const field = fieldsOf(document)
  if (field === undefined) return undefined
  const seconds = readText(field('syncToken'), 'seconds since 1970', /^\d{1,10}$/)
  const prefixes = [
    ...rowsOf(field('prefixes')).flatMap((row) => readRow(row, 'ip_prefix', 4) ?? []),
    ...rowsOf(field('ipv6_prefixes')).flatMap((row) => readRow(row, 'ipv6_prefix', 6) ?? []),
  ]
  if (seconds === undefined) return undefined
  return {
    source: {
      cloud: 'aws',
      document: 'ip-ranges.json',
      version: seconds,
      date: new Date(Number(seconds) * 1000).toISOString(),
      prefixes: countDifferent(prefixes),
    },
    prefixes,
  }
}

function readRow(row: Place, key: string, family: AddressFamily): PublishedPrefix | undefined {
  const field = fieldsOf(row)
  if (field === undefined) return undefined
  const prefix = readPrefix(field(key), family)
  const region = readRegion(field('region'))
  const service = readText(field('service'))
  if (prefix === undefined || region === undefined || service === undefined) return undefined
  return { ...prefix, location: { cloud: 'aws', region }, ec2: service === 'EC2' }
}
