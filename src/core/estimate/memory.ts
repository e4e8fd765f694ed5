import type { SetCost } from './cost.ts'
import type { EstimateModel } from './model.ts'
import type { ListPrice } from '../prices.ts'

/**
 * The prices of a choice that nobody could verify, in words: `storage in aws/eu-west-2`. A price list
 * keeps them under the source `memory`.
 */
export function findMemoryPrices(model: EstimateModel, cost: SetCost): readonly string[] {
  const { prices, upstream, sites, places, lists } = model
  const found = new Set<string>()
  const check = (what: string, price: ListPrice | undefined) => {
    if (price?.source === 'memory') found.add(what)
  }
  for (const [list, { to }] of lists.entries()) {
    if (cost.upstreamByList[list]!.bytes === 0) continue
    check(`what ${upstream.cloud}/${upstream.region} sends`, prices.egressPrice(upstream, to))
  }
  for (const site of cost.held.keys()) {
    const { id, cloud, region } = sites[site]!
    check(`storage in ${id}`, prices.storagePrice(cloud, region))
    check(`requests in ${id}`, prices.requestPrice(cloud, 'read', region))
  }
  for (const [at, { site }] of cost.taken.entries()) {
    const { location } = places[at]!.demand
    if (site === undefined || location === undefined) continue
    check(`what ${sites[site]!.id} sends`, prices.egressPrice(sites[site]!, location))
  }
  return [...found]
}
