import type { Config } from '../config.ts'
import type { PassThrough } from '../proxy/pass-through/pass-through.ts'
import type { RelayDeps } from '../proxy/relay/relay.ts'
import type { SendFor } from '../proxy/upstream/fetch.ts'
import type { GuardedFetchDeps } from './guarded-fetch.ts'
import type { ConfiguredRelay } from './relay.ts'
import { createConfiguredRelay, realmsOf } from './relay.ts'
import { createSingleFlight } from './single-flight.ts'
import { usesProxy } from './uses-proxy.ts'

/**
 * The relay on Node, as configured. Throws where the environment lacks the credentials of an upstream
 * that is relayed: it would else answer with less than it should, and nobody would know why.
 */
export function createNodeRelay(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  health: RelayDeps['health'],
): ConfiguredRelay {
  const { atOnce } = config.relay
  return createConfiguredRelay(config, env, {
    ...(usesProxy() ? {} : { fetch: createLateFetch({ realms: realmsOf(config.relay) }) }),
    health,
    flights: createSingleFlight,
    listsAtOnce: 32,
    atOnce,
  })
}

/**
 * The guarded fetch, loaded when it is first called: undici is the largest part that serve stands on
 * (160 ms of CPU, 28 MB), and one that redirects everything never calls it.
 */
function createLateFetch(deps: GuardedFetchDeps): SendFor {
  let loading: Promise<SendFor> | undefined
  const load = async () => {
    const { createGuardedFetch } = await import('./guarded-fetch.ts')
    return createGuardedFetch(deps)
  }
  return async (...of) => {
    loading ??= load()
    return (await loading)(...of)
  }
}

/** What tells whether anyone may read, for whoever has no clients; it needs no credentials of ours. */
export function createNodePassThrough(config: Config): PassThrough | undefined {
  const upstreams = config.upstreams.filter((each) => each.clientCredentials === true)
  if (upstreams.length === 0) return undefined
  const health = { hear: () => {} }
  return createNodeRelay({ ...config, upstreams }, {}, health).passThrough
}
