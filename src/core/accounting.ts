import type { Mirror } from './mirror.ts'
import type { Nanodollars, Price } from './money.ts'
import { costOf } from './money.ts'
import type { CloudPlace, Prices } from './prices.ts'
import type { TallyLabels, TallyRow } from './tally.ts'
import type { Upstream, UpstreamAddress } from './upstream.ts'

/** What the publisher pays for what clients read, by the way that they went and by the other one. */
export type Money = {
  /** What these bytes cost where they come from the upstream. */
  readonly fromUpstream: Nanodollars
  /** What they cost by the way they went: the upstream's again, or a mirror's bytes and requests. */
  readonly spent: Nanodollars
}

/**
 * What rows of a tally come to in money; undefined where a price is not known, which is never the
 * same as nothing. Rows that are no blob's, or that were answered here, move no bytes and cost nothing.
 */
export type Accounting = {
  readonly moneyOf: (row: TallyRow) => Money | undefined
  /** A GB from the upstream of a row to its clients. */
  readonly upstreamPrice: (row: TallyLabels) => Price | undefined
  /** A GB from a mirror to the clients of a row. */
  readonly mirrorPrice: (row: TallyLabels, mirror: CloudPlace) => Price | undefined
}

/** What accounting goes by. */
export type AccountingTerms = {
  readonly prices: Prices
  readonly upstreams: readonly Upstream[]
  readonly mirrors: readonly Mirror[]
  /**
   * What the upstreams send in a month: it tells the tier. Undefined: nobody said, and the cheapest
   * tier counts, as of mirrors the first, so that no more is said to be saved than is.
   */
  readonly upstreamBytesAMonth?: number | undefined
}

/** More than any publisher sends: in every list the last tier. */
const lastTierBytes = 1e18

/**
 * Creates the accounting of one policy. Prices are looked up once for each pair of places, and
 * applied to sums of bytes: sums of rounded costs would drift.
 */
export function createAccounting(terms: AccountingTerms): Accounting {
  const { prices, upstreams, mirrors, upstreamBytesAMonth = lastTierBytes } = terms
  const placeOfUpstream = new Map(
    upstreams
      .flatMap((each) => [each, ...(each.addresses ?? [])])
      .map((each) => [each.registry, placeOf(each)]),
  )
  const mirrorById = new Map(mirrors.map((each) => [each.id, each]))
  const upstreamPrices = new Map<string, Price | undefined>()

  return { moneyOf, upstreamPrice, mirrorPrice }

  function moneyOf(row: TallyRow): Money | undefined {
    const { kind, action, bytes, requests } = row
    if (kind !== 'blob' || (action !== 'mirror' && action !== 'upstream')) return nothing
    const fromUpstream = priced(bytes, upstreamPrice(row))
    if (fromUpstream === undefined) return undefined
    if (action === 'upstream') return { fromUpstream, spent: fromUpstream }

    const mirror = mirrorById.get(row.mirror)
    // A mirror that the configuration no longer names has no price.
    if (mirror === undefined) return undefined
    const bytesCost = priced(bytes, mirrorPrice(row, mirror))
    const requestsCost = priced(requests, prices.requestPrice(mirror.cloud, 'read', mirror.region))
    if (bytesCost === undefined || requestsCost === undefined) return undefined
    return { fromUpstream, spent: bytesCost + requestsCost }
  }

  function upstreamPrice({ upstream, cloud, region }: TallyLabels): Price | undefined {
    const key = `${upstream} ${cloud}/${region}`
    if (upstreamPrices.has(key)) return upstreamPrices.get(key)
    const from = placeOfUpstream.get(upstream)
    const to = clientPlace(cloud, region)
    const price = from && prices.egressPrice(from, to, upstreamBytesAMonth)
    upstreamPrices.set(key, price)
    return price
  }

  function mirrorPrice({ cloud, region }: TallyLabels, mirror: CloudPlace): Price | undefined {
    return prices.egressPrice(mirror, clientPlace(cloud, region))
  }
}

const nothing: Money = { fromUpstream: 0n, spent: 0n }

/** What money of many rows comes to. */
export type MoneySum = Money & {
  /** Bytes without a price: neither sum has them. */
  readonly unpricedBytes: number
}

/** Sums what rows come to. What has no price is told apart and in no sum. */
export function sumMoney(rows: Iterable<TallyRow>, { moneyOf }: Accounting): MoneySum {
  let [fromUpstream, spent, unpricedBytes] = [0n, 0n, 0]
  for (const row of rows) {
    const money = moneyOf(row)
    if (money === undefined) {
      unpricedBytes += row.bytes
      continue
    }
    fromUpstream += money.fromUpstream
    spent += money.spent
  }
  return { fromUpstream, spent, unpricedBytes }
}

/** Where a client is, as prices name places: nowhere known is somewhere in the internet. */
export function clientPlace(cloud: string, region: string): CloudPlace | 'internet' {
  return cloud === '' ? 'internet' : { cloud, region }
}

function placeOf({ cloud, region }: UpstreamAddress): CloudPlace | undefined {
  return cloud === undefined ? undefined : { cloud, region }
}

function priced(quantity: number, price: Price | undefined): Nanodollars | undefined {
  return price && costOf(quantity, price)
}
