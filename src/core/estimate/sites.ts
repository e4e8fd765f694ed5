import type { CloudPlace, Prices } from '../prices.ts'
import type { Region } from '../regions.ts'

/** A place where a mirror could be. */
export type Site = {
  /** A mirror's id: `aws/eu-west-1`. */
  readonly id: string
  readonly cloud: string
  readonly region: string
  /** Sites of one partition share accounts: blobs are copied between them inside the store. */
  readonly partition: string
}

/** Clouds where a mirror may be: their stores speak S3's protocol. */
export const siteClouds = ['aws', 'gcp', 'r2'] as const
export type SiteCloud = (typeof siteClouds)[number]

/** A store outside the clouds' regions that takes nothing for what it sends. */
export const outsideSite: Site = {
  id: 'r2/global',
  cloud: 'r2',
  region: 'global',
  partition: 'r2',
}

/**
 * The places where a mirror could be, by their ids: every region of these clouds with a known place and
 * known prices, and the one outside them. None is in the cloud that the upstream is in, as nobody
 * there is sent away from it by default.
 */
export function findSites(
  regions: readonly Region[],
  clouds: readonly SiteCloud[],
  upstreamCloud: string,
  prices: Prices,
): readonly Site[] {
  const inRegions = regions.map(({ cloud, region, partition }): Site => {
    return { id: `${cloud}/${region}`, cloud, region, partition }
  })
  return [...inRegions, outsideSite]
    .filter(({ cloud }) => clouds.some((each) => each === cloud) && cloud !== upstreamCloud)
    .filter((site) => isPriced(site, prices))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function isPriced(site: Site, prices: Prices): boolean {
  const { cloud, region } = site
  const place: CloudPlace = { cloud, region }
  return [
    prices.storagePrice(cloud, region),
    prices.requestPrice(cloud, 'read', region),
    prices.requestPrice(cloud, 'write', region),
    prices.egressPrice(place, place),
    prices.egressPrice(place, 'internet'),
  ].every((price) => price !== undefined)
}
