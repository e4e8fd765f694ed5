import type { Place } from './document.ts'
import {
  countDifferent,
  fieldsOf,
  readPrefix,
  readRegion,
  readText,
  refuseValue,
  rowsOf,
} from './document.ts'
import type { PublishedPrefix, PublishedRanges } from './published.ts'

/**
 * Reads Google Cloud's cloud.json: customers' addresses, by region or `global`; undefined, and told,
 * where it is none. Format: https://support.google.com/a/answer/10026322
 */
export function readGcpDocument(document: Place): PublishedRanges | undefined {
  const field = fieldsOf(document)
  if (field === undefined) return undefined
  const milliseconds = readText(field('syncToken'), 'milliseconds since 1970', /^\d{1,13}$/)
  const prefixes = rowsOf(field('prefixes')).flatMap((row) => readRow(row) ?? [])
  if (milliseconds === undefined) return undefined
  return {
    source: {
      cloud: 'gcp',
      document: 'cloud.json',
      version: milliseconds,
      // creationTime says the same in Pacific time, and does not say that it does.
      date: new Date(Number(milliseconds)).toISOString(),
      prefixes: countDifferent(prefixes),
    },
    prefixes,
  }
}

function readRow(row: Place): PublishedPrefix | undefined {
  const field = fieldsOf(row)
  if (field === undefined) return undefined
  const [ipv4, ipv6] = [field('ipv4Prefix'), field('ipv6Prefix')]
  const [has4, has6] = [ipv4.value !== undefined, ipv6.value !== undefined]
  if (has4 === has6) return refuseValue(row, 'ipv4Prefix or ipv6Prefix', has4 ? 'both' : 'neither')
  const prefix = has4 ? readPrefix(ipv4, 4) : readPrefix(ipv6, 6)
  const region = readRegion(field('scope'))
  if (prefix === undefined || region === undefined) return undefined
  return { ...prefix, location: { cloud: 'gcp', region }, ec2: false }
}
