import type { Config } from '../config.ts'
import type { ServiceEvent } from '../core/event.ts'
import { createOptOut } from '../proxy/opt-out.ts'
import { createUpstreamHealth } from '../proxy/upstream/health.ts'
import { startRefreshing } from './index/index-refresh.ts'
import { createSigning } from './mirrors/mirror-credentials.ts'
import type { MirrorWatching } from './mirrors/mirror-watching.ts'
import { createMirrorWatching, startWatching } from './mirrors/mirror-watching.ts'
import { createNodeRelay } from './node-relay.ts'
import { createPolicies, createPolicy } from './policy.ts'
import { createPresence } from './presence.ts'
import { startRechecking } from './mirrors/probe-recheck.ts'
import { createConfiguredRanges, startRanges } from './ranges.ts'
import { createServedApp } from './served-app.ts'
import { startAskingUpstreams } from './upstream-asking.ts'

/**
 * What a request may come with: under @hono/node-server its socket, which has the client's address
 * where the configuration takes it from there.
 */
export type PeerBindings = {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined } }
}

export type NodePartsDeps = {
  /** Gets one event for each request, and one for each thing that happens beside them. */
  readonly record: (event: ServiceEvent) => void
  /** What watched the mirrors under the configuration before: who is out then stays out. */
  readonly before?: MirrorWatching | undefined
  /** Where credentials are read from. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** All that a configuration comes to on Node, but for ports: what answers, and what is known of it. */
export type NodeParts = ReturnType<typeof makeNodeParts>

/**
 * Puts nearport together for a configuration. Nothing is asked of anyone before `start`. Throws where
 * the environment lacks the credentials that the configuration names.
 */
export function makeNodeParts(given: Config, { record, env, before }: NodePartsDeps) {
  const now = Date.now
  const signing = createSigning(given, { env, now })
  const { config } = signing
  const upstreamHealth = createUpstreamHealth({
    now,
    changed: (upstream, up) =>
      record({ event: up ? 'upstream-up' : 'upstream-down', timeMs: now(), upstream }),
  })
  const { relay, passThrough } = createNodeRelay(config, env, upstreamHealth)
  const { presence: held, keeper, probe } = createPresence(config, now)
  const watching = createMirrorWatching(config, { presence: held, keeper, record, now, before })
  const policy = createPolicy(config, upstreamHealth.isUp, passThrough?.openness)
  const policies = createPolicies(policy)
  const optOut = createOptOut(config.optOut)
  const ranges = createConfiguredRanges(config.ranges)

  const { app, atOnce } = createServedApp<PeerBindings>({
    config,
    policies,
    optOut,
    table: ranges.table,
    presence: watching.presence,
    relay,
    passThrough,
    record(event) {
      watching.hear(event)
      record(event)
    },
    now,
    // Whoever has a server of another kind gives nothing with a request.
    peerOf: (bindings: PeerBindings | undefined) => bindings?.incoming?.socket.remoteAddress,
  })

  return {
    config,
    app,
    atOnce,
    policy,
    policies,
    optOut,
    ranges,
    keeper,
    upstreamHealth,
    watching,
    passThrough,
    /**
     * Loads ranges, credentials and the index, and keeps them fresh. Resolves with the function that
     * ends it, and never rejects.
     */
    start: async (): Promise<() => void> => {
      const stopRanges = await startRanges(ranges, record)
      // Before the index, which private mirrors give to none but us.
      const stopSigning = await signing.start(record)
      const stopRefreshing = keeper && (await startRefreshing(keeper, config.index, record))
      const stopAsking = startAskingUpstreams(config, upstreamHealth)
      const stopRechecking = probe && startRechecking(probe, config.probe, now, record)
      const stopWatching = startWatching(watching, config)
      return () => {
        stopRanges()
        stopSigning()
        stopRefreshing?.()
        stopAsking()
        stopRechecking?.()
        stopWatching()
      }
    },
  }
}
