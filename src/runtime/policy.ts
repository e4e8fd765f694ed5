import regions from '../../data/regions.json' with { type: 'json' }
import type { Config } from '../config.ts'
import type { Policy } from '../core/decision.ts'
import { withoutMirrors } from '../core/decision.ts'
import { createRegions } from '../core/regions.ts'
import { createRouter } from '../core/route.ts'
import type { OptOut } from '../proxy/opt-out.ts'

/** The policy that a configuration makes, with the shipped table of where regions are. */
export function createPolicy(config: Config): Policy {
  const { upstreams, mirrors, overrides, elsewhere } = config
  const rules = { mirrors, overrides, elsewhere, regions: createRegions(regions.regions) }
  return { upstreams, mirrors, route: createRouter(rules) }
}

/** The policy for whoever comes from an address: without mirrors, where the opt-out names it. */
export function createPolicyFor(
  policy: Policy,
  optOut: OptOut | undefined,
): (address: string) => Policy {
  if (optOut === undefined) return () => policy
  const optedOut = withoutMirrors(policy)
  return (address) => (optOut.hasAddress(address) ? optedOut : policy)
}
