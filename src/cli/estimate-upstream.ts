import type { Config, ConfiguredUpstream } from '../config.ts'
import { parseConfig } from '../config.ts'
import type { Prices } from '../core/prices.ts'
import type { Regions } from '../core/regions.ts'
import type { Terminal } from './command.ts'
import { UsageError } from './command.ts'
import type { EstimateFlags } from './estimate-flags.ts'
import { loadConfig } from './load-config.ts'

/** Where bytes come from now, and what they cost. */
export type EstimateUpstream = {
  readonly place: { readonly cloud: string; readonly region: string }
  /** Registries that can be asked for manifests; none: nobody said where they are. */
  readonly upstreams: readonly ConfiguredUpstream[]
  readonly prices: Prices
}

/**
 * Finds out where the upstream is: by the flags, else by the configuration. Throws UsageError where
 * neither says it, as nothing has a price then, and ConfigError.
 */
export async function findUpstream(
  flags: EstimateFlags,
  { env }: Pick<Terminal, 'env'>,
  regions: Regions,
): Promise<EstimateUpstream> {
  const config = await loadConfig(flags.config, env)
  const configured = placeOf(config)
  const cloud = flags['upstream-cloud'] ?? configured.cloud
  const region = flags['upstream-region'] ?? configured.region
  if (cloud === undefined || region === undefined) {
    throw new UsageError(
      'estimate wants to know where the upstream is, as its bytes have no price else: --upstream-cloud and --upstream-region, or cloud and region of the upstreams in the configuration',
    )
  }
  if (regions.find(cloud, region) === undefined) {
    throw new UsageError(
      `estimate wants a region that is known for the upstream, as in gcp and us-central1, and got ${cloud} and ${region}`,
    )
  }
  const told = flags.upstream
  const asked = told === undefined ? config : configOf(told, cloud, region)
  const { prices } = config ?? configOf('https://registry.example', cloud, region)
  const place = { cloud, region }
  if (prices.egressPrice(place, 'internet') === undefined) {
    throw new UsageError(
      `estimate wants a price, and none is known for what ${cloud}/${region} sends: "prices" in a configuration can say it`,
    )
  }
  return { place, upstreams: asked?.upstreams ?? [], prices }
}

/** A configuration of one upstream, with all that is usual. */
function configOf(registry: string, cloud: string, region: string): Config {
  return parseConfig({ upstreams: [{ registry, cloud, region }] }, '--upstream')
}

/** Where all upstreams of a configuration are. */
function placeOf(config: Config | undefined): {
  readonly cloud?: string | undefined
  readonly region?: string | undefined
} {
  const [first, ...others] = config?.upstreams ?? []
  const isOne = others.every(
    ({ cloud, region }) => cloud === first?.cloud && region === first?.region,
  )
  return isOne && first !== undefined ? first : {}
}
