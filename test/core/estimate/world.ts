import priceList from '../../../data/prices.json' with { type: 'json' }
import regionsJson from '../../../data/regions.json' with { type: 'json' }
import type { Demand } from '../../../src/core/estimate/demand.ts'
import { demandOf } from '../../../src/core/estimate/demand.ts'
import type { GatheredLine, Gathering, GatheringLimits } from '../../../src/core/estimate/gather.ts'
import { createGathering } from '../../../src/core/estimate/gather.ts'
import type { EstimateModel, EstimateTerms } from '../../../src/core/estimate/model.ts'
import { createModel } from '../../../src/core/estimate/model.ts'
import type { SiteCloud } from '../../../src/core/estimate/sites.ts'
import { findSites, siteClouds } from '../../../src/core/estimate/sites.ts'
import type { ClientLocation } from '../../../src/core/location.ts'
import { createPrices } from '../../../src/core/prices.ts'
import type { Region } from '../../../src/core/regions.ts'
import { createRegions } from '../../../src/core/regions.ts'
import { at } from '../world.ts'

export const prices = createPrices(priceList)
export const regionList = regionsJson.regions as readonly Region[]
export const regions = createRegions(regionList)
export const gib = 2 ** 30
/** A month as vendors count it. */
export const monthMs = 730 * 3_600_000
export const upstream = { cloud: 'gcp', region: 'us-central1' }

/** Pulls of one blob by one place: where, which blob, what each read (NaN: not said), how often. */
export type Pulls = readonly [location: string, blob: number, bytes: number, times?: number]

const places = new Map<string, ClientLocation | undefined>()

/** The same object for the same place, as a reader of logs has it. */
export function placeOf(location: string): ClientLocation | undefined {
  if (!places.has(location)) places.set(location, at(location))
  return places.get(location)
}

/** A line of a log; what is not told is usual. */
export function lineOf(more: Partial<GatheredLine>): GatheredLine {
  return {
    kind: 'blob',
    timeMs: 0,
    location: undefined,
    bytes: 0,
    digestHigh: 0,
    digestLow: 0,
    lost: 0,
    ...more,
  }
}

/** The first half of a blob's digest: blobs of successive numbers are far apart, as digests are. */
export function highOf(blob: number): number {
  return Math.imul(blob, 0x9e37_79b1) >>> 0
}

/** Room for more than a test has, and made sooner than what is usual. */
const fewLimits: GatheringLimits = { blobs: 1000, pairs: 1000 }

export function gather(all: readonly Pulls[], limits = fewLimits): Gathering {
  const gathering = createGathering(limits)
  for (const [location, blob, bytes, times = 1] of all) {
    const digest = { digestHigh: highOf(blob), digestLow: blob }
    for (let time = 0; time < times; time++) {
      gathering.take(lineOf({ location: placeOf(location), bytes, ...digest }))
    }
  }
  return gathering
}

/** The demand of a month's log. */
export function demand(all: readonly Pulls[]): Demand {
  return demandOf(gather(all), { periodMs: monthMs, sample: 1 })!
}

export type ModelChanges = Partial<Omit<EstimateTerms, 'demand' | 'sites'>> & {
  readonly clouds?: readonly SiteCloud[]
}

/** What mirrors are chosen from, where the upstream is in Google's us-central1. */
export function modelOf(all: readonly Pulls[], changes: ModelChanges = {}): EstimateModel {
  const { clouds = siteClouds, ...more } = changes
  const terms = { upstream, prices, regions, storedBytes: undefined, ...more }
  const sites = findSites(regionList, clouds, terms.upstream.cloud, terms.prices)
  return createModel({ demand: demand(all), sites, ...terms })
}

/** The number of a site. */
export function siteOf(model: EstimateModel, id: string): number {
  const site = model.sites.findIndex((each) => each.id === id)
  if (site < 0) throw new Error(`wanted a site, got ${id}`)
  return site
}
