import type { SetCost } from './cost.ts'
import { priceSet } from './cost.ts'
import type { EstimateModel } from './model.ts'
import type { Site } from './sites.ts'
import { outsideSite } from './sites.ts'
import type { Nanodollars } from '../money.ts'

/** A mirror that pays: what it adds to those before it. */
export type ChosenMirror = {
  readonly site: Site
  /** What a month costs less with it than with those before it alone, all that it costs counted. */
  readonly netAMonth: Nanodollars
  readonly heldBytes: number
}

/** A mirror that is not proposed: what it would save and cost a month beside those that are. */
export type RunnerUp = {
  readonly site: Site
  /** Less for what clients read, by whatever way. */
  readonly saves: Nanodollars
  /** More for storage, requests and a share of the filling. */
  readonly costs: Nanodollars
}

/** The mirrors that save the most, and what a month costs without and with them. */
export type MirrorChoice = {
  readonly without: SetCost
  readonly withMirrors: SetCost
  /** In the order in which each adds the most. */
  readonly mirrors: readonly ChosenMirror[]
  /** Those with clients of their own, what is left of their saving largest first. */
  readonly runnersUp: readonly RunnerUp[]
}

/**
 * Chooses at most `most` mirrors in regions, each while it saves more than it costs: the best next one
 * at a time, and then each is tried against all others and against none. The one outside the
 * clouds comes last and beside them, for whoever they do not serve: a bucket in their own region is nearer to the
 * others, and free of their NAT gateway's charge. Alike choices always come out alike.
 */
export function chooseMirrors(model: EstimateModel, most: number): MirrorChoice {
  const numbers = [...model.sites.keys()]
  const outside = numbers.filter((site) => model.sites[site]!.id === outsideSite.id)
  const regional = numbers.filter((site) => !outside.includes(site))
  const improved = improve(grow([], regional, most, model), regional, model)
  // Those that came later may have left one of the first without clients.
  const { held } = priceSet(model, improved)
  const inRegions = improved.filter((site) => held.has(site))
  const chosen = grow(inRegions, outside, inRegions.length + 1, model)
  return describe(model, chosen, inRegions)
}

/** Adds the best of the candidates, one at a time, while one pays. */
function grow(
  from: readonly number[],
  candidates: readonly number[],
  most: number,
  model: EstimateModel,
): readonly number[] {
  const chosen = [...from]
  let { total } = priceSet(model, chosen)
  while (chosen.length < most) {
    const best = cheapest(
      rest(candidates, chosen).map((site) => [...chosen, site]),
      model,
    )
    if (best === undefined || best.total >= total) break
    chosen.push(best.set.at(-1)!)
    total = best.total
  }
  return chosen
}

/** Leaves each out, or takes another for it, while that is cheaper. */
function improve(
  from: readonly number[],
  candidates: readonly number[],
  model: EstimateModel,
): readonly number[] {
  let chosen = from
  let { total } = priceSet(model, chosen)
  for (;;) {
    const others = rest(candidates, chosen)
    const changes = chosen.flatMap((site) => {
      const without = chosen.filter((each) => each !== site)
      return [without, ...others.map((other) => [...without, other])]
    })
    const best = cheapest(changes, model)
    if (best === undefined || best.total >= total) return chosen
    chosen = best.set
    total = best.total
  }
}

type Priced = { readonly set: readonly number[]; readonly total: Nanodollars }

/** The first of the cheapest. */
function cheapest(sets: readonly (readonly number[])[], model: EstimateModel): Priced | undefined {
  let best: Priced | undefined
  for (const set of sets) {
    const { total } = priceSet(model, set)
    if (best === undefined || total < best.total) best = { set, total }
  }
  return best
}

function rest(candidates: readonly number[], chosen: readonly number[]): readonly number[] {
  return candidates.filter((site) => !chosen.includes(site))
}

function describe(
  model: EstimateModel,
  chosen: readonly number[],
  inRegions: readonly number[],
): MirrorChoice {
  const without = priceSet(model, [])
  const withMirrors = priceSet(model, chosen)
  const ordered = [...inOrder(inRegions, model), ...rest(chosen, inRegions)]
  let before = without.total
  const mirrors = ordered.map((site, at): ChosenMirror => {
    const { total } = priceSet(model, ordered.slice(0, at + 1))
    const netAMonth = before - total
    before = total
    return {
      site: model.sites[site]!,
      netAMonth,
      heldBytes: withMirrors.held.get(site)!.bytes,
    }
  })
  return { without, withMirrors, mirrors, runnersUp: findRunnersUp(model, chosen, withMirrors) }
}

/** The best next one at a time, until all are in. */
function inOrder(set: readonly number[], model: EstimateModel): readonly number[] {
  const ordered: number[] = []
  while (ordered.length < set.length) {
    const best = cheapest(
      rest(set, ordered).map((site) => [...ordered, site]),
      model,
    )
    ordered.push(best!.set.at(-1)!)
  }
  return ordered
}

function findRunnersUp(
  model: EstimateModel,
  chosen: readonly number[],
  before: SetCost,
): readonly RunnerUp[] {
  const locations = model.places.filter(({ demand }) => demand.pulls > 0)
  const hasClients = ({ id }: Site) =>
    id === outsideSite.id ||
    locations.some(({ demand: { location } }) => `${location?.cloud}/${location?.region}` === id)
  return rest([...model.sites.keys()], chosen)
    .filter((site) => hasClients(model.sites[site]!))
    .flatMap((site): readonly RunnerUp[] => {
      const cost = priceSet(model, [...chosen, site])
      // The one outside may find everybody served.
      if (!cost.held.has(site)) return []
      const saves = before.upstream + before.egress - cost.upstream - cost.egress
      return [{ site: model.sites[site]!, saves, costs: cost.total - before.total + saves }]
    })
    .toSorted((a, b) => Number(b.saves - b.costs - (a.saves - a.costs)))
}
