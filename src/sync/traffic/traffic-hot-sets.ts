import type { Config, ConfiguredMirror } from '../../config.ts'
import type { Digest } from '../../core/digest.ts'
import type { HotSet } from '../../core/hot-set.ts'
import { chooseHotSet, dayMs, monthMs } from '../../core/hot-set.ts'
import { hotSetTerms } from '../../core/hot-set-terms.ts'
import type { ClientLocation } from '../../core/location.ts'
import type { Listing } from '../../core/plan.ts'
import type { CloudPlace, Prices } from '../../core/prices.ts'
import type { Route } from '../../core/route.ts'
import type { Traffic } from './traffic.ts'
import { bytesPulled, demandOf, locationsByMirror } from './traffic-demand.ts'

/** What mirrors that hold what pays are chosen from. */
export type HotSetSources = {
  readonly traffic: Traffic
  readonly prices: Prices
  /** Where the clients of a location are sent, as the service itself has it. */
  readonly route: (client: ClientLocation | undefined) => Route
  /** The sizes of the wanted blobs: others are not chosen. */
  readonly sizeOf: (digest: Digest) => number | undefined
  /** What the mirrors hold, by their ids. */
  readonly listings: ReadonlyMap<string, Listing>
}

/** What a mirror is to hold, or why nobody can say, in words: then it is best left as it is. */
export type HotSetChoice =
  | { readonly kind: 'chosen'; readonly set: HotSet }
  | { readonly kind: 'unknown'; readonly problems: readonly string[] }

type Settings = Pick<Config, 'mirrors' | 'upstreams'>

/** Chooses, for each mirror that holds what pays, what pays there. */
export function chooseHotSets(
  config: Settings,
  sources: HotSetSources,
): ReadonlyMap<string, HotSetChoice> {
  const hot = config.mirrors.filter(({ holds }) => holds === 'what-pays')
  if (hot.length === 0) return new Map()
  const problems = problemsOf(config, sources.traffic)
  if (problems.length > 0) return new Map(hot.map(({ id }) => [id, { kind: 'unknown', problems }]))

  const { traffic, prices, sizeOf, listings } = sources
  const periodMs = (traffic.lastMs ?? 0) - (traffic.firstMs ?? 0)
  const months = Math.max(periodMs, dayMs) / Number(monthMs)
  const upstreamMonthBytes = Math.round(bytesPulled(traffic, sizeOf) / months)
  const byMirror = locationsByMirror(traffic, (client) => mirrorOf(client, config, sources.route))
  return new Map(
    hot.map((mirror): [string, HotSetChoice] => {
      const locations = byMirror.get(mirror.id) ?? []
      const listing = listings.get(mirror.id)
      const terms = hotSetTerms(
        {
          mirror,
          upstreams: placesOf(config),
          broughtFrom: broughtFrom(mirror, config, prices),
          locations,
          periodMs,
          upstreamMonthBytes,
          held: (digest) => listing?.get(digest) !== undefined,
        },
        prices,
      )
      if (!('storage' in terms)) return [mirror.id, { kind: 'unknown', problems: terms }]
      const set = chooseHotSet(demandOf(traffic, locations, sizeOf), terms)
      return [mirror.id, { kind: 'chosen', set }]
    }),
  )
}

/**
 * Which blobs a mirror is to hold by a choice. Where nobody can say, those that it holds: it gets no
 * more, and loses none.
 */
export function wantedBy(choice: HotSetChoice, listing: Listing): (digest: Digest) => boolean {
  if (choice.kind === 'chosen') return (digest) => choice.set.blobs.has(digest)
  return (digest) => listing.get(digest) !== undefined
}

/** Without these nothing would seem to pay, and the next prune would empty the mirror. */
function problemsOf({ upstreams }: Settings, traffic: Traffic): readonly string[] {
  return [
    ...(traffic.pulls === 0 ? ['sync.traffic: wanted pulls of blobs, got none'] : []),
    ...upstreams
      .filter(({ cloud }) => cloud === undefined)
      .map(({ registry }) => `the upstream ${registry}: wanted its cloud, to price what it sends`),
  ]
}

/** The mirror that clients go to: none where an upstream is in their own cloud, as `decide` has it. */
function mirrorOf(
  client: ClientLocation | undefined,
  { upstreams }: Settings,
  route: HotSetSources['route'],
): string | undefined {
  const { candidates, configured } = route(client)
  const isAtHome = client !== undefined && upstreams.some(({ cloud }) => cloud === client.cloud)
  return isAtHome && !configured ? undefined : candidates[0]?.mirror.id
}

/** A mirror of the same cloud that holds everything, the cheapest to copy from; else the upstream. */
function broughtFrom(mirror: ConfiguredMirror, config: Settings, prices: Prices): CloudPlace {
  const price = (from: CloudPlace) => prices.egressPrice(from, mirror)?.nanodollars ?? 0n
  const [cheapest] = config.mirrors
    .filter(({ id, cloud, holds }) => {
      return id !== mirror.id && cloud === mirror.cloud && holds === 'everything'
    })
    .toSorted((a, b) => Number(price(a) - price(b)))
  return cheapest ?? placesOf(config)[0]!
}

function placesOf({ upstreams }: Settings): readonly CloudPlace[] {
  return upstreams.map(({ cloud = '' }) => ({ cloud }))
}
