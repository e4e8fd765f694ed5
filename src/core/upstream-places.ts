import type { ClientLocation } from './location.ts'
import type { Regions } from './regions.ts'
import { distanceKm } from './regions.ts'
import type { Upstream, UpstreamAddress } from './upstream.ts'

/** An upstream as it is asked for a client: at the nearest of its addresses, with the others beside it. */
export type UpstreamPlaces = (upstream: Upstream, client: ClientLocation | undefined) => Upstream

/**
 * Makes the function that chooses among an upstream's addresses: those in the client's own region,
 * then by distance, then those of which nobody knows where they are; a client that is nowhere known
 * gets them in the order of the configuration. `isUp` is asked each time: an address that is down
 * stands behind all that are not. Each order is worked out once: locations are few and known.
 */
export function createUpstreamPlaces(
  regions: Regions,
  isUp: (registry: string) => boolean,
): UpstreamPlaces {
  const orders = new Map<Upstream, Map<string, readonly Upstream[]>>()

  return (upstream, client) => {
    if (upstream.addresses === undefined || upstream.addresses.length === 0) return upstream
    const places = orderOf(upstream, client)
    return places.find(({ registry }) => isUp(registry)) ?? places[0]!
  }

  function orderOf(upstream: Upstream, client: ClientLocation | undefined): readonly Upstream[] {
    const where = client === undefined ? '' : `${client.cloud}/${client.region}`
    const known = orders.get(upstream)
    const made = known?.get(where) ?? makePlaces(upstream, client, regions)
    if (known === undefined) orders.set(upstream, new Map([[where, made]]))
    else known.set(where, made)
    return made
  }
}

/** Every address of an upstream as an upstream of its own, in the order in which a client wants them. */
function makePlaces(
  upstream: Upstream,
  client: ClientLocation | undefined,
  regions: Regions,
): readonly Upstream[] {
  const { addresses = [], ...main } = upstream
  const listed: readonly UpstreamAddress[] = [main, ...addresses]
  const km = new Map(listed.map((each) => [each, kmBetween(client, each, regions)]))
  const sorted = listed.toSorted((a, b) => (km.get(a) === km.get(b) ? 0 : km.get(a)! - km.get(b)!))
  const places = sorted.map(({ registry, cloud, region }) => ({
    ...main,
    registry,
    cloud,
    region,
  }))
  return places.map((place) => ({ ...place, others: places.filter((each) => each !== place) }))
}

/** Infinity: nobody knows. */
function kmBetween(
  client: ClientLocation | undefined,
  { cloud, region }: UpstreamAddress,
  regions: Regions,
): number {
  if (client === undefined || cloud === undefined || region === undefined) return Infinity
  if (client.cloud === cloud && client.region === region) return -1
  const [here, there] = [regions.find(client.cloud, client.region), regions.find(cloud, region)]
  return here === undefined || there === undefined ? Infinity : distanceKm(here, there)
}
