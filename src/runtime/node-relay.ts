import type { Config } from '../config.ts'
import type { PassThrough } from '../proxy/pass-through/pass-through.ts'
import type { RelayDeps } from '../proxy/relay/relay.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { ConfiguredRelay } from './relay.ts'
import { createConfiguredRelay, realmsOf } from './relay.ts'
import { createSingleFlight } from './single-flight.ts'

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
    ...(usesProxy() ? {} : { fetch: createGuardedFetch({ realms: realmsOf(config.relay) }) }),
    health,
    flights: createSingleFlight,
    listsAtOnce: 32,
    atOnce,
  })
}

/**
 * Whether Node sends `fetch` through the environment's proxy: names are resolved there then, and what
 * they may lead to is for the proxy to keep.
 */
function usesProxy(): boolean {
  const { NODE_USE_ENV_PROXY: isOn, NODE_OPTIONS: options = '' } = process.env
  return isOn === '1' || [options, ...process.execArgv].join(' ').includes('--use-env-proxy')
}

/** What tells whether anyone may read, for whoever has no clients; it needs no credentials of ours. */
export function createNodePassThrough(config: Config): PassThrough | undefined {
  const upstreams = config.upstreams.filter((each) => each.clientCredentials === true)
  if (upstreams.length === 0) return undefined
  const health = { hear: () => {} }
  return createNodeRelay({ ...config, upstreams }, {}, health).passThrough
}
