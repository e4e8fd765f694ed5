import regions from '../../data/regions.json' with { type: 'json' }
import type { Holding, Openness, Policy, Presence } from '../../src/core/policy.ts'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { defaultKeys } from '../../src/core/key-template.ts'
import type { ClientLocation } from '../../src/core/location.ts'
import type { Mirror } from '../../src/core/mirror.ts'
import { parseMirrorId } from '../../src/core/mirror.ts'
import { createRegions } from '../../src/core/regions.ts'
import { createRouter } from '../../src/core/route.ts'

/** A registry in GCP with mirrors in two AWS regions, one in China and one in no region at all. */
export const mirrorIds = ['aws/us-east-1', 'aws/eu-west-1', 'aws/cn-north-1', 'r2/global']

export const blobDigest = digestOfHex('c'.repeat(64))

export function mirrorOf(id: string): Mirror {
  const publicUrl = `https://${id.replace('/', '-')}.mirrors.example`
  return { id, ...parseMirrorId(id)!, publicUrl, keys: defaultKeys }
}

export function worldPolicy(
  changes: { elsewhere?: string; overrides?: Record<string, string>; ids?: readonly string[] } = {},
): Policy {
  const mirrors = (changes.ids ?? mirrorIds).map(mirrorOf)
  const { elsewhere = 'upstream', overrides = {} } = changes
  const rules = { mirrors, elsewhere, overrides, regions: createRegions(regions.regions) }
  return {
    upstreams: [
      { repositories: 'team', registry: 'https://team.example', namespace: '' },
      {
        repositories: 'images',
        registry: 'https://upstream.example',
        namespace: 'prod/public',
        cloud: 'gcp',
      },
    ],
    mirrors,
    route: createRouter(rules),
  }
}

/** The world, with an upstream (`images`) that knows its clients. */
export function knowingPolicy(openness: Openness | undefined): Policy {
  const policy = worldPolicy()
  const upstreams = policy.upstreams.map((each) =>
    each.repositories === 'images' ? { ...each, clientCredentials: true } : each,
  )
  return { ...policy, upstreams, ...(openness !== undefined && { openness: () => openness }) }
}

/** Mirrors that hold what they are said to hold; `size` is known of what any holds. */
export function presenceOf(
  holdings: Readonly<Record<string, Holding>>,
  sizeBytes?: number,
): Presence {
  return {
    holds: (mirror: Mirror, _digest: Digest) => holdings[mirror.id] ?? 'absent',
    sizeBytes: () => sizeBytes,
  }
}

export function at(text: string): ClientLocation | undefined {
  const [cloud, region] = text.split('/')
  return region === undefined ? undefined : ({ cloud, region } as ClientLocation)
}
