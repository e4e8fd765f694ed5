import type { SetCost } from './cost.ts'
import type { EstimateModel, PlaceWays } from './model.ts'
import type { Nanodollars } from '../money.ts'
import { costOf } from '../money.ts'

/** What one place's pulls cost a month; undefined: no price is known, and it is in no total. */
export type PlaceCost = {
  readonly place: PlaceWays
  readonly without: Nanodollars | undefined
  /** Storage and filling are the mirrors', and not in it. */
  readonly withMirrors: Nanodollars | undefined
  /** The mirror that serves it then; undefined: the upstream. */
  readonly mirror: string | undefined
}

/**
 * Shares out what a month costs among the places, without and with mirrors. What the upstream sends is
 * shared by bytes, as its tiers are nobody's own. Places without traffic are left out; the dearest
 * now comes first, those of no price last.
 */
export function costByPlace(
  model: EstimateModel,
  without: SetCost,
  withMirrors: SetCost,
): readonly PlaceCost[] {
  return model.places
    .map((place, at): PlaceCost => {
      const { site } = withMirrors.taken[at]!
      return {
        place,
        without: costOfPlace(model, at, without),
        withMirrors: costOfPlace(model, at, withMirrors),
        mirror: site === undefined ? undefined : model.sites[site]!.id,
      }
    })
    .filter(({ place: { demand } }) => demand.pulls > 0 || demand.manifestBytes > 0)
    .toSorted((a, b) => Number((b.without ?? -1n) - (a.without ?? -1n)) || bytesOf(b) - bytesOf(a))
}

function costOfPlace(
  { places, sites, prices }: EstimateModel,
  at: number,
  { taken, upstreamByList }: SetCost,
): Nanodollars | undefined {
  const { list, demand, ways } = places[at]!
  const of = upstreamByList[list]
  if (of === undefined) return undefined
  const { site } = taken[at]!
  const fromUpstream = demand.manifestBytes + (site === undefined ? demand.bytes : 0)
  const shared =
    of.bytes === 0 ? 0n : costOf(fromUpstream, { nanodollars: of.cost, per: BigInt(of.bytes) })
  if (site === undefined) return shared
  const { cloud, region } = sites[site]!
  const reads = costOf(demand.pulls, prices.requestPrice(cloud, 'read', region)!)
  return shared + ways.find((way) => way.site === site)!.egress + reads
}

function bytesOf({ place: { demand } }: PlaceCost): number {
  return demand.bytes + demand.manifestBytes
}
