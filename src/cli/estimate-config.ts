import type { ConfiguredUpstream } from '../config.ts'
import type { SetCost } from '../core/estimate/cost.ts'
import type { EstimateModel } from '../core/estimate/model.ts'
import { outsideSite } from '../core/estimate/sites.ts'
import type { MirrorChoice } from '../core/estimate/choose.ts'

/**
 * The nearport.json of a choice: its upstreams, a mirror for each site with a bucket's name to be
 * replaced, and a line for each region that is better served otherwise than by the nearest mirror.
 */
export function configFile(
  model: EstimateModel,
  { mirrors, withMirrors }: MirrorChoice,
  upstreams: readonly ConfiguredUpstream[],
): object {
  const regions = overridesOf(model, withMirrors)
  const isOutside = mirrors.some(({ site }) => site.id === outsideSite.id)
  return {
    upstreams:
      upstreams.length === 0
        ? [unknownUpstream(model)]
        : upstreams.map((each) => upstreamEntry(each, model)),
    mirrors: mirrors.map(({ site: { id } }) => mirrorEntry(id)),
    ...(Object.keys(regions).length === 0 ? {} : { regions }),
    ...(isOutside ? { elsewhere: outsideSite.id } : {}),
  }
}

/** What is meant to be replaced is in the domain that nobody can have (RFC 2606). */
function unknownUpstream({ upstream: { cloud, region } }: EstimateModel): object {
  return { registry: 'https://registry.example', cloud, region }
}

function upstreamEntry(
  { repositories, registry, namespace, credentials }: ConfiguredUpstream,
  { upstream: { cloud, region } }: EstimateModel,
): object {
  return {
    ...(repositories === '' ? {} : { repositories }),
    registry,
    ...(namespace === '' ? {} : { namespace }),
    cloud,
    region,
    ...(credentials === undefined ? {} : { credentials }),
  }
}

function mirrorEntry(id: string): object {
  const mirror = { id, bucket: `images-${id.replace('/', '-')}` }
  if (id !== outsideSite.id) return mirror
  return {
    ...mirror,
    endpoint: 'https://account.r2.example',
    publicUrl: 'https://images.example',
  }
}

function overridesOf(model: EstimateModel, { taken }: SetCost): Readonly<Record<string, string>> {
  return Object.fromEntries(
    taken.flatMap(({ site, isOverride }, at) => {
      const { location } = model.places[at]!.demand
      if (!isOverride || location === undefined) return []
      const target = site === undefined ? 'upstream' : model.sites[site]!.id
      return [[`${location.cloud}/${location.region}`, target] as const]
    }),
  )
}
