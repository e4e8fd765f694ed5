import regions from '../../data/regions.json' with { type: 'json' }
import type { Config } from '../config.ts'
import type { Policy } from '../core/decision.ts'
import { createRegions } from '../core/regions.ts'
import { createRouter } from '../core/route.ts'

/** The policy that a configuration makes, with the shipped table of where regions are. */
export function createPolicy(config: Config): Policy {
  const { upstreams, mirrors, overrides, elsewhere } = config
  const rules = { mirrors, overrides, elsewhere, regions: createRegions(regions.regions) }
  return { upstreams, mirrors, route: createRouter(rules) }
}
