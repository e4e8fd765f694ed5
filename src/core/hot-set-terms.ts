import type { Digest } from './digest.ts'
import type { HotSetTerms, PullPrices } from './hot-set.ts'
import type { Price } from './money.ts'
import type { CloudPlace, Prices } from './prices.ts'

/** One mirror whose hot set is to be found, and what its blobs are compared with. */
export type HotSetQuestion = {
  readonly mirror: { readonly id: string; readonly cloud: string; readonly region: string }
  /** Where the upstreams of its blobs are. Of several the cheapest counts: it saves the least. */
  readonly upstreams: readonly CloudPlace[]
  /** Where blobs come from when they are brought in: another mirror, or the upstream. */
  readonly broughtFrom: CloudPlace
  /** Where their clients are, as `cloud/region`, or `-` for nowhere known. */
  readonly locations: Iterable<string>
  readonly periodMs: number
  /**
   * What the upstreams send in a month, in all. What a mirror takes off is the end of that, where
   * the tiers are cheapest.
   */
  readonly upstreamMonthBytes: number
  readonly held: (digest: Digest) => boolean
}

/**
 * Looks up the prices that decide what pays in a mirror. Where one of them is not known, what is
 * missing, in words: nothing can be said to pay then.
 */
export function hotSetTerms(
  question: HotSetQuestion,
  prices: Prices,
): HotSetTerms | readonly string[] {
  const { mirror, upstreams, broughtFrom, locations, periodMs, upstreamMonthBytes, held } = question
  const missing: string[] = []
  const found = (what: string, price: Price | undefined): Price => {
    if (price === undefined) missing.push(`no price is known for ${what}`)
    return price ?? { nanodollars: 0n, per: 1n }
  }

  const byLocation = new Map<string, PullPrices>()
  for (const location of locations) {
    const [cloud = '', region] = location.split('/')
    const client = location === '-' ? 'internet' : { cloud, region }
    byLocation.set(location, {
      upstream: cheapest(
        upstreams.map((from) =>
          found(
            `a GB from ${nameOf(from)} to ${location}`,
            prices.egressPrice(from, client, upstreamMonthBytes),
          ),
        ),
      ),
      mirror: found(`a GB from ${mirror.id} to ${location}`, prices.egressPrice(mirror, client)),
    })
  }
  const terms: HotSetTerms = {
    periodMs,
    pullPrices: (location) => byLocation.get(location) ?? nothing,
    storage: found(
      `storage in ${nameOf(mirror)}`,
      prices.storagePrice(mirror.cloud, mirror.region),
    ),
    write: found(
      `writes in ${nameOf(mirror)}`,
      prices.requestPrice(mirror.cloud, 'write', mirror.region),
    ),
    copy: found(
      `a GB from ${nameOf(broughtFrom)} to ${mirror.id}`,
      prices.egressPrice(broughtFrom, mirror),
    ),
    held,
  }
  return missing.length > 0 ? missing : terms
}

const free: Price = { nanodollars: 0n, per: 1n }
/** A location that was not asked about saves nothing. */
const nothing: PullPrices = { upstream: free, mirror: free }

function cheapest(all: readonly Price[]): Price {
  return all.reduce(
    (least, price) =>
      price.nanodollars * least.per < least.nanodollars * price.per ? price : least,
    all[0] ?? free,
  )
}

function nameOf({ cloud, region }: CloudPlace): string {
  return region === undefined ? cloud : `${cloud}/${region}`
}
