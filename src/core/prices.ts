import type { Nanodollars, Price } from './money.ts'
import { costOf } from './money.ts'
import type { GbList, PriceSource } from './price-list.ts'
import { parsePriceList } from './price-list.ts'
import type { RequestKind, Tier } from './price-rule.ts'

/** A price with the key of the source it is from, `configuration` for an operator's own. */
export type ListPrice = Price & { readonly source: string }

/** A cloud, and its region where that is known. */
export type CloudPlace = { readonly cloud: string; readonly region?: string | undefined }

/**
 * What things cost. Every lookup gives undefined where the price is not known, which is never the
 * same as nothing. Free allowances are not counted: they are an account's, and used up where the
 * money matters.
 */
export type Prices = {
  /**
   * A GB from a place to another, or to the internet, for whoever owns the place it leaves, who has
   * sent so many bytes in this month before. Other clouds are the internet.
   */
  readonly egressPrice: (
    from: CloudPlace,
    to: CloudPlace | 'internet',
    monthBytesSoFar?: number,
  ) => ListPrice | undefined
  /** A GB-month in a store that holds so many bytes before. */
  readonly storagePrice: (
    cloud: string,
    region: string | undefined,
    bytesSoFar?: number,
  ) => ListPrice | undefined
  readonly requestPrice: (
    cloud: string,
    kind: RequestKind,
    region?: string,
  ) => ListPrice | undefined
  /** A GB through a NAT gateway, for the one who pulls through one. */
  readonly natPrice: (cloud: string, region?: string) => ListPrice | undefined
  /** What so many bytes cost that pass from tier to tier as they go. */
  readonly egressCost: (
    bytes: number,
    from: CloudPlace,
    to: CloudPlace | 'internet',
    monthBytesSoFar?: number,
  ) => Nanodollars | undefined
  /** What so many bytes cost a month to keep in one store, tier by tier. */
  readonly storageCost: (
    bytes: number,
    cloud: string,
    region: string | undefined,
  ) => Nanodollars | undefined
  readonly sources: Readonly<Record<string, PriceSource>>
}

/**
 * Makes the prices out of `data/prices.json` and, above it, a part of the same from a configuration.
 * Throws one error that lists everything that is wrong with them.
 */
export function createPrices(json: unknown, overrides?: unknown): Prices {
  const { clouds, sources } = parsePriceList(json, overrides)

  const tiersOf = (
    cloud: string,
    list: GbList,
    from: string | undefined,
    to?: string,
  ): GbTiers | undefined => {
    const prices = clouds.get(cloud)
    const rule = prices?.perGb[list].find((each) => fits(each.from, from) && fits(each.to, to))
    if (prices === undefined || rule?.tiers === undefined) return undefined
    return { tiers: rule.tiers, per: prices.bytesPerGb, source: rule.source }
  }
  const egressTiers = (from: CloudPlace, to: CloudPlace | 'internet') => {
    if (to === 'internet') return tiersOf(from.cloud, 'internet', from.region)
    if (to.cloud !== from.cloud) {
      return tiersOf(from.cloud, 'internet', from.region, `${to.cloud}/${to.region ?? ''}`)
    }
    // A region that is not known is taken for another one: that it is the same would be a guess in
    // our favour.
    const isSame = from.region !== undefined && from.region === to.region
    return tiersOf(from.cloud, isSame ? 'withinRegion' : 'betweenRegions', from.region, to.region)
  }

  return {
    egressPrice: (from, to, monthBytesSoFar = 0) => priceAt(egressTiers(from, to), monthBytesSoFar),
    storagePrice: (cloud, region, bytesSoFar = 0) =>
      priceAt(tiersOf(cloud, 'storage', region), bytesSoFar),
    natPrice: (cloud, region) => priceAt(tiersOf(cloud, 'nat', region), 0),
    requestPrice: (cloud, kind, region) => {
      const rule = clouds.get(cloud)?.requests.find((each) => fits(each.from, region))
      const nanodollars = rule?.kinds[kind]
      if (rule === undefined || nanodollars === undefined) return undefined
      return { nanodollars, per: rule.per, source: rule.source }
    },
    egressCost: (bytes, from, to, monthBytesSoFar = 0) =>
      costThrough(egressTiers(from, to), BigInt(monthBytesSoFar), BigInt(bytes)),
    storageCost: (bytes, cloud, region) =>
      costThrough(tiersOf(cloud, 'storage', region), 0n, BigInt(bytes)),
    sources,
  }
}

type GbTiers = { readonly tiers: readonly Tier[]; readonly per: bigint; readonly source: string }

/** A rule that names regions does not fit a region that is not known. */
function fits(pattern: RegExp | undefined, region: string | undefined): boolean {
  return pattern === undefined || (region !== undefined && pattern.test(region))
}

function priceAt(list: GbTiers | undefined, bytes: number): ListPrice | undefined {
  if (list === undefined) return undefined
  const reached = list.tiers.findLast(({ fromGb }) => fromGb * list.per <= BigInt(bytes))
  return { nanodollars: reached!.nanodollars, per: list.per, source: list.source }
}

function costThrough(list: GbTiers | undefined, before: bigint, bytes: bigint) {
  if (list === undefined) return undefined
  const end = before + bytes
  // One sum over one divisor, so that it is rounded once.
  let weighted = 0n
  for (const [index, { fromGb, nanodollars }] of list.tiers.entries()) {
    const next = list.tiers[index + 1]
    const from = larger(before, fromGb * list.per)
    const to = next === undefined ? end : smaller(end, next.fromGb * list.per)
    if (to > from) weighted += (to - from) * nanodollars
  }
  return costOf(weighted, { nanodollars: 1n, per: list.per })
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
