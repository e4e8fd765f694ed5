import regions from '../../data/regions.json' with { type: 'json' }
import type { Config } from '../config.ts'
import type { Policy } from '../core/policy.ts'
import { withoutMirrors } from '../core/policy.ts'
import type { NamedPolicy } from '../core/named-policy.ts'
import { createNamedPolicy } from '../core/named-policy.ts'
import { createRegions } from '../core/regions.ts'
import { createRouter } from '../core/route.ts'
import { createUpstreamPlaces } from '../core/upstream-places.ts'
import type { OptOut } from '../proxy/opt-out.ts'

/**
 * The policy that a configuration makes, with the shipped table of where regions are. `isUp` tells of
 * an upstream's address whether it is well; default: each is. `openness` tells what anyone may read of
 * upstreams that know their clients; default: nothing.
 */
export function createPolicy(
  config: Config,
  isUp: (registry: string) => boolean = () => true,
  openness?: Policy['openness'],
): Policy {
  const { upstreams, mirrors, overrides, elsewhere } = config
  const table = createRegions(regions.regions)
  const rules = { mirrors, overrides, elsewhere, regions: table }
  const places = createUpstreamPlaces(table, isUp)
  const manifests = config.manifests && (config.manifests.mirrors ? 'in mirrors' : 'kept')
  return { upstreams, mirrors, route: createRouter(rules), places, openness, manifests }
}

/** A policy by the names that a request was asked by, with and without its mirrors. */
export type Policies = { readonly usual: NamedPolicy; readonly optedOut: NamedPolicy }

/** Makes both of a policy. */
export function createPolicies(policy: Policy): Policies {
  return {
    usual: createNamedPolicy(policy),
    optedOut: createNamedPolicy(withoutMirrors(policy)),
  }
}

/** The policy for whoever comes from an address: without mirrors, where the opt-out names it. */
export function createPolicyFor(
  { usual, optedOut }: Policies,
  optOut: OptOut | undefined,
): (address: string) => NamedPolicy {
  return (address) => (optOut?.hasAddress(address) === true ? optedOut : usual)
}
