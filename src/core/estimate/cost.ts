import type { EstimateModel, PlaceWays } from './model.ts'
import type { Site } from './sites.ts'
import type { Held } from './demand.ts'
import type { Nanodollars } from '../money.ts'
import { costOf, sumOf } from '../money.ts'

/** Where the clients of a place go, and whether the configuration has to say so. */
export type Taken = {
  /** The number of a site; undefined: the upstream. */
  readonly site: number | undefined
  readonly isOverride: boolean
}

/** What a month costs with some mirrors, and what it takes to have them. */
export type SetCost = {
  /** By place, as the model has them. */
  readonly taken: readonly Taken[]
  /** What still comes from the upstream, by list. */
  readonly upstreamByList: readonly { readonly bytes: number; readonly cost: Nanodollars }[]
  readonly upstream: Nanodollars
  /** What the mirrors send, and the requests for it. */
  readonly egress: Nanodollars
  readonly reads: Nanodollars
  readonly storage: Nanodollars
  /** What each mirror holds, by the number of its site. */
  readonly held: ReadonlyMap<number, Held>
  /** Once: what is read from the upstream, copied between mirrors, and written. */
  readonly filling: Nanodollars
  /** All of it a month, with a share of the filling. */
  readonly total: Nanodollars
}

/** Filling is counted as if all that mirrors hold had to be brought in anew in so many months. */
export const fillingMonths = 12n

/**
 * What a month costs with mirrors in these sites. Clients go where nearport would send them; where a
 * mirror of their own partition, or the upstream, is cheaper a GB than that, the configuration
 * sends them there: prices between regions differ fivefold, and none of these is farther than the upstream is now.
 */
export function priceSet(model: EstimateModel, sites: Iterable<number>): SetCost {
  const isIn = new Uint8Array(model.sites.length)
  for (const site of sites) isIn[site] = 1
  const taken = model.places.map((place) => takeWay(place, isIn))

  const upstreamByList = priceUpstream(model, taken)
  const served = servedBy(model, taken)
  const held = new Map<number, Held>()
  let [egress, reads, storage] = [0n, 0n, 0n]
  for (const [site, places] of served) {
    const { cloud, region } = model.sites[site]!
    let pulls = 0
    for (const place of places) {
      const { ways, demand } = model.places[place]!
      pulls += demand.pulls
      egress += ways.find((way) => way.site === site)!.egress
    }
    const holds = heldOf(places, model)
    held.set(site, holds)
    reads += costOf(pulls, model.prices.requestPrice(cloud, 'read', region)!)
    storage += model.prices.storageCost(holds.bytes, cloud, region)!
  }
  const upstream = sumOf(upstreamByList.map(({ cost }) => cost))
  const filling = priceFilling(model, held, [...served.values()].flat())
  const total = upstream + egress + reads + storage + (filling + fillingMonths - 1n) / fillingMonths
  return { taken, upstreamByList, upstream, egress, reads, storage, held, filling, total }
}

function takeWay({ ways, marginalCost, demand }: PlaceWays, isIn: Uint8Array): Taken {
  const usual = ways.find(({ site }) => isIn[site] === 1)
  if (usual === undefined) return { site: undefined, isOverride: false }
  // No line of a configuration names those who are nowhere known.
  if (demand.location === undefined) return { site: usual.site, isOverride: false }
  let best = usual
  for (const way of ways) {
    if (isIn[way.site] === 1 && !way.isElsewhere && way.egress < best.egress) best = way
  }
  if (marginalCost < best.egress) return { site: undefined, isOverride: true }
  return { site: best.site, isOverride: best !== usual }
}

/** What each list comes to, tier by tier. */
function priceUpstream(
  { places, lists, upstream, prices }: EstimateModel,
  taken: readonly Taken[],
): SetCost['upstreamByList'] {
  const bytes = lists.map(({ manifestBytes }) => manifestBytes)
  for (const [at, { list, demand }] of places.entries()) {
    if (list >= 0 && taken[at]!.site === undefined) bytes[list]! += demand.bytes
  }
  return lists.map(({ to }, list) => {
    return { bytes: bytes[list]!, cost: prices.egressCost(bytes[list]!, upstream, to)! }
  })
}

/** The places with pulls that each site serves, by their numbers. */
function servedBy(
  { places }: EstimateModel,
  taken: readonly Taken[],
): ReadonlyMap<number, readonly number[]> {
  const served = new Map<number, number[]>()
  for (const [place, { site }] of taken.entries()) {
    if (site === undefined || places[place]!.demand.pulls === 0) continue
    const known = served.get(site)
    if (known === undefined) served.set(site, [place])
    else known.push(place)
  }
  return served
}

/** What a mirror holds: what was pulled from it, or what it is said that it holds. */
function heldOf(places: readonly number[], { demand, storedBytes }: EstimateModel): Held {
  const pulled = demand.held(places)
  if (storedBytes === undefined) return pulled
  // As many as they are where they are as large as those that were pulled.
  const blobs = pulled.bytes === 0 ? 0 : Math.ceil((storedBytes * pulled.blobs) / pulled.bytes)
  return { bytes: storedBytes, blobs }
}

/**
 * Every blob is read from the upstream once, by a sync outside the clouds, and written to one mirror
 * of each partition, from where it is copied to the others there.
 */
function priceFilling(
  model: EstimateModel,
  held: SetCost['held'],
  places: readonly number[],
): Nanodollars {
  if (held.size === 0) return 0n
  const { prices, upstream, sites } = model
  const all = heldOf(
    places.toSorted((a, b) => a - b),
    model,
  )
  let cost = prices.egressCost(all.bytes, upstream, 'internet')!
  const partitions = new Map<string, [Site, Held][]>()
  for (const [number, holds] of held) {
    const site = sites[number]!
    cost += costOf(holds.blobs, prices.requestPrice(site.cloud, 'write', site.region)!)
    const known = partitions.get(site.partition) ?? []
    partitions.set(site.partition, [...known, [site, holds]])
  }
  for (const mirrors of partitions.values()) cost += priceCopies(mirrors, model)
  return cost
}

/**
 * From the mirror from which it is cheapest, to all the others: inside the store, or where that has no
 * known price, as if out of it and in again.
 */
function priceCopies(
  mirrors: readonly (readonly [Site, Held])[],
  { prices }: EstimateModel,
): Nanodollars {
  const copy = (from: Site, to: Site, bytes: number) =>
    prices.egressCost(bytes, from, to) ?? prices.egressCost(bytes, from, 'internet')!
  const costs = mirrors.map(([from]) =>
    sumOf(mirrors.map(([to, { bytes }]) => (from === to ? 0n : copy(from, to, bytes)))),
  )
  return costs.reduce((least, cost) => (cost < least ? cost : least))
}
