import { clientPlace } from '../accounting.ts'
import type { Demand, PlaceDemand } from './demand.ts'
import type { Site } from './sites.ts'
import { defaultKeys } from '../key-template.ts'
import type { Nanodollars } from '../money.ts'
import { costOf } from '../money.ts'
import type { CloudPlace, Prices } from '../prices.ts'
import type { Regions } from '../regions.ts'
import { createRouter } from '../route.ts'

/** What mirrors are chosen from: a month's demand, and every way that it could go, with its price. */
export type EstimateModel = EstimateTerms & {
  /** As the demand has them. */
  readonly places: readonly PlaceWays[]
  /** What the upstream charges alike: it has tiers, so that what goes there is summed first. */
  readonly lists: readonly UpstreamList[]
}

export type EstimateTerms = {
  readonly demand: Demand
  readonly sites: readonly Site[]
  readonly upstream: CloudPlace & { readonly region: string }
  readonly prices: Prices
  readonly regions: Regions
  /** Bytes that every mirror holds; undefined: what its own clients pulled. */
  readonly storedBytes: number | undefined
}

/** Where the clients of a place can be sent. */
export type PlaceWays = {
  readonly demand: PlaceDemand
  /** They are in the upstream's own cloud, and stay there. */
  readonly isHome: boolean
  /** The best first, as the router has them. */
  readonly ways: readonly Way[]
  /** Which of the upstream's lists they are on; -1: no price is known, and they are in no total. */
  readonly list: number
  /** What they would cost at the upstream's price for the last GB of a month: what a GB less saves. */
  readonly marginalCost: Nanodollars
}

/** A mirror that could serve a place, by its number among the sites. */
export type Way = {
  readonly site: number
  /** For all that the place reads in a month. */
  readonly egress: Nanodollars
  /** By the rule for callers that no mirror is near to. */
  readonly isElsewhere: boolean
}

export type UpstreamList = {
  readonly to: CloudPlace | 'internet'
  /** What stays there in any case. */
  readonly manifestBytes: number
}

/** More than anybody sends: in every list the last tier. */
const lastTierBytes = 1e18

/** Looks up every way and every price once. */
export function createModel(terms: EstimateTerms): EstimateModel {
  const { demand, sites, upstream, prices, regions } = terms
  const { lists, listOf } = findLists(terms)
  // Only who comes before whom is asked of it.
  const mirrors = sites.map(({ id, cloud, region }) => {
    return { id, cloud, region, publicUrl: '', keys: defaultKeys }
  })
  const elsewhere = sites.find(({ cloud }) => cloud === 'r2')?.id ?? 'upstream'
  const route = createRouter({ mirrors, overrides: {}, elsewhere, regions })
  const siteOf = new Map(mirrors.map((mirror, site) => [mirror, site]))

  const places = demand.places.map((place): PlaceWays => {
    const { location, bytes } = place
    const to = placeOf(place)
    const list = listOf.get(place) ?? -1
    const isHome = location?.cloud === upstream.cloud
    const candidates = isHome || list < 0 ? [] : route(location).candidates
    const ways = candidates.flatMap(({ mirror, reason }): readonly Way[] => {
      const egress = prices.egressCost(bytes, mirror, to)
      const site = siteOf.get(mirror)!
      return egress === undefined ? [] : [{ site, egress, isElsewhere: reason === 'elsewhere' }]
    })
    const sent = list < 0 ? 0 : bytesOn(list, terms, listOf)
    const price = prices.egressPrice(upstream, to, sent)
    return {
      demand: place,
      isHome,
      ways,
      list,
      marginalCost: price === undefined ? 0n : costOf(bytes, price),
    }
  })
  return { ...terms, places, lists }
}

/** Places that the upstream charges alike are on one list. */
function findLists({ demand, upstream, prices }: EstimateTerms) {
  const numbers = new Map<string, number>()
  const lists: { to: CloudPlace | 'internet'; manifestBytes: number }[] = []
  const listOf = new Map<PlaceDemand, number>()
  for (const place of demand.places) {
    const to = placeOf(place)
    const first = prices.egressPrice(upstream, to)
    const last = prices.egressPrice(upstream, to, lastTierBytes)
    if (first === undefined || last === undefined) continue
    const key = `${first.nanodollars} ${last.nanodollars} ${first.per} ${first.source}`
    const list = numbers.get(key) ?? lists.push({ to, manifestBytes: 0 }) - 1
    numbers.set(key, list)
    lists[list]!.manifestBytes += place.manifestBytes
    listOf.set(place, list)
  }
  return { lists, listOf }
}

function bytesOn(
  list: number,
  { demand }: EstimateTerms,
  listOf: ReadonlyMap<PlaceDemand, number>,
): number {
  let bytes = 0
  for (const place of demand.places) {
    if (listOf.get(place) === list) bytes += place.bytes + place.manifestBytes
  }
  return bytes
}

function placeOf({ location }: PlaceDemand): CloudPlace | 'internet' {
  return clientPlace(location?.cloud ?? '', location?.region ?? '')
}
