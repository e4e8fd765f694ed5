import type { ClientLocation } from './location.ts'
import type { Mirror } from './mirror.ts'
import type { Reason } from './reason.ts'
import type { Region, Regions } from './regions.ts'
import { nearestFirst } from './regions.ts'

/** A mirror that may serve a client, with the reason that is given when it does. */
export type Candidate = { readonly mirror: Mirror; readonly reason: MirrorReason }
export type MirrorReason = 'in-region' | 'nearest' | 'elsewhere' | 'configured'

/**
 * Where the clients of one location may be sent: mirrors, best first; `otherwise` says why there is
 * none.
 */
export type Route = {
  readonly candidates: readonly Candidate[]
  /** The configuration names this location, so that no rule of ours stands above it. */
  readonly configured: boolean
  readonly otherwise: Extract<Reason, 'no-location' | 'no-mirror' | 'configured' | 'opted-out'>
}

/** What routes are made from. `overrides` and `elsewhere` hold a mirror's id or `upstream`. */
export type RouteRules = {
  readonly mirrors: readonly Mirror[]
  /** Location (`aws/eu-west-3`) → mirror id or `upstream`. */
  readonly overrides: Readonly<Record<string, string>>
  readonly elsewhere: string
  readonly regions: Regions
}

/**
 * Makes the function that tells a location's route. Each is worked out once: locations are few and
 * known. A table of addresses has one object for each, by which a route is found in half of the time that
 * two names take; weakly, as a newer table has others.
 */
export function createRouter(rules: RouteRules): (client: ClientLocation | undefined) => Route {
  const nowhere = routeOf(undefined, rules)
  const byLocation = new WeakMap<ClientLocation, Route>()
  const byName = new Map<string, Route>()
  return (client) => {
    if (client === undefined) return nowhere
    const known = byLocation.get(client)
    if (known !== undefined) return known

    const name = `${client.cloud}/${client.region}`
    const route = byName.get(name) ?? routeOf(client, rules)
    byName.set(name, route)
    byLocation.set(client, route)
    return route
  }
}

function routeOf(client: ClientLocation | undefined, rules: RouteRules): Route {
  const { mirrors, overrides, elsewhere } = rules
  const byId = (id: string) => mirrors.filter((mirror) => mirror.id === id)
  if (client === undefined) {
    const candidates = byId(elsewhere).map((mirror) => ({ mirror, reason: 'elsewhere' }) as const)
    return { candidates, configured: false, otherwise: 'no-location' }
  }

  const override = overrides[`${client.cloud}/${client.region}`]
  if (override !== undefined) {
    const candidates = byId(override).map((mirror) => ({ mirror, reason: 'configured' }) as const)
    return { candidates, configured: true, otherwise: 'configured' }
  }

  const here = mirrors.filter(
    (mirror) => mirror.cloud === client.cloud && mirror.region === client.region,
  )
  const place = rules.regions.find(client.cloud, client.region)
  const candidates: readonly Candidate[] = [
    ...here.map((mirror) => ({ mirror, reason: 'in-region' }) as const),
    ...(place === undefined ? [] : nearestThatPay(place, rules)),
    ...(maySendElsewhere(client, place)
      ? byId(elsewhere).map((mirror) => ({ mirror, reason: 'elsewhere' }) as const)
      : []),
  ]
  return { candidates: firstOfEach(candidates), configured: false, otherwise: 'no-mirror' }
}

/**
 * Mirrors in other regions of the same cloud and partition, nearest first: a cloud's own rate
 * between its regions is below its rate to the internet. A bucket in another cloud pays the
 * internet's rate, as the upstream does.
 */
function nearestThatPay(place: Region, rules: RouteRules): readonly Candidate[] {
  const others = rules.mirrors.flatMap((mirror) => {
    if (mirror.cloud !== place.cloud || mirror.region === place.region) return []
    const where = rules.regions.find(mirror.cloud, mirror.region)
    return where !== undefined && where.partition === place.partition ? [{ mirror, where }] : []
  })
  return nearestFirst(place, others, (other) => other.where).map(({ mirror }) => ({
    mirror,
    reason: 'nearest',
  }))
}

/**
 * China, GovCloud and the European sovereign partition are walled off by law or by contract: nobody
 * there is sent to a bucket outside by default. A partition is such a one when its name is not its
 * cloud's. AWS names the regions of each alike, so that one which data/regions.json has not heard
 * of is known for what it is.
 */
function maySendElsewhere(client: ClientLocation, place: Region | undefined): boolean {
  if (place !== undefined) return place.partition === client.cloud
  return client.cloud !== 'aws' || !/^(?:cn|us-gov|eusc|us-iso[a-z]?|eu-isoe)-/.test(client.region)
}

function firstOfEach(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Set<Mirror>()
  return candidates.filter(({ mirror }) => !seen.has(mirror) && seen.add(mirror))
}
