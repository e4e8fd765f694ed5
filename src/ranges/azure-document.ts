import * as z from 'zod'
import { countDifferent, prefixText, regionName } from './document.ts'
import type { PublishedPrefix, PublishedRanges } from './published.ts'

const regional = z.object({ region: regionName, addressPrefixes: z.array(prefixText()) })

// The document has thousands of tags, nearly all of them services': only the regional ones are
// looked into.
const tag = z
  .object({ name: z.string(), properties: z.looseObject({ region: z.string() }) })
  .transform(({ name, properties }, context): PublishedPrefix[] => {
    if (!name.startsWith('AzureCloud.') || properties.region === '') return []

    const { data, error } = regional.safeParse(properties)
    for (const { path, message } of error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: ['properties', ...path], message })
    }
    if (data === undefined) return z.NEVER
    const location = { cloud: 'azure', region: data.region } as const
    return data.addressPrefixes.map((prefix) => ({ ...prefix, location, ec2: false }))
  })

/**
 * Azure's "IP Ranges and Service Tags – Public Cloud": the tags `AzureCloud.<region>`, which
 * together are the public cloud. It has no date, only a changeNumber. Format:
 * https://learn.microsoft.com/azure/virtual-network/service-tags-overview
 */
export const azureDocument = z
  .object({ changeNumber: z.int().nonnegative(), cloud: z.literal('Public'), values: z.array(tag) })
  .transform(({ changeNumber, values }): PublishedRanges => {
    const prefixes = values.flat()
    return {
      source: {
        cloud: 'azure',
        document: 'ServiceTags_Public.json',
        version: String(changeNumber),
        date: null,
        prefixes: countDifferent(prefixes),
      },
      prefixes,
    }
  })
