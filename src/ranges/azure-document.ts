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
 * Reads Azure's "IP Ranges and Service Tags – Public Cloud": the tags `AzureCloud.<region>`, which
 * together are the public cloud; undefined, and told, where it is none. It has no date, only a
 * changeNumber. Format: https://learn.microsoft.com/azure/virtual-network/service-tags-overview
 */
export function readAzureDocument(document: Place): PublishedRanges | undefined {
  const field = fieldsOf(document)
  if (field === undefined) return undefined
  const version = readChangeNumber(field('changeNumber'))
  readText(field('cloud'), '"Public"', /^Public$/)
  const prefixes = rowsOf(field('values')).flatMap(readTag)
  if (version === undefined) return undefined
  return {
    source: {
      cloud: 'azure',
      document: 'ServiceTags_Public.json',
      version: String(version),
      date: null,
      prefixes: countDifferent(prefixes),
    },
    prefixes,
  }
}

function readChangeNumber(place: Place): number | undefined {
  const { value } = place
  const isCount = Number.isSafeInteger(value) && Number(value) >= 0
  return isCount ? Number(value) : refuseValue(place, 'a whole number of 0 or more')
}

// The document has thousands of tags, nearly all of them services': only the regional ones are
// looked into.
function readTag(tag: Place): readonly PublishedPrefix[] {
  const field = fieldsOf(tag)
  const name = field && readText(field('name'))
  const properties = field && fieldsOf(field('properties'))
  const named = properties && readText(properties('region'))
  if (!name?.startsWith('AzureCloud.') || named === undefined || named === '') return []

  const region = readRegion(properties!('region'))
  const rows = rowsOf(properties!('addressPrefixes'))
  const prefixes = rows.flatMap((row) => readPrefix(row) ?? [])
  if (region === undefined) return []
  const location = { cloud: 'azure', region } as const
  return prefixes.map((prefix) => ({ ...prefix, location, ec2: false }))
}
