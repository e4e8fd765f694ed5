import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Config, ConfiguredUpstream } from '../config.ts'
import type { Upstream } from '../core/upstream.ts'
import type { Relay } from '../proxy/relay.ts'
import { createRelay } from '../proxy/relay.ts'
import type { HeldToken } from '../proxy/upstream-authority.ts'
import { createAuthority } from '../proxy/upstream-authority.ts'
import type { Credentials } from '../proxy/upstream-token.ts'
import { createSingleFlight } from './single-flight.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** So many repositories' tokens are kept, of some kilobytes each. */
const heldTokens = 10_000

/**
 * The relay as configured. Throws where the environment lacks the credentials of an upstream that is
 * relayed: it would else answer with less than it should, and nobody would know why.
 */
export function createNodeRelay({ upstreams, relay }: Config, env: Environment): Relay {
  const { timeoutMs, inlineBytes, atOnce } = relay
  const credentials = new Map<Upstream, Credentials>()
  for (const upstream of upstreams) {
    const read = readCredentials(upstream, env)
    if (read !== undefined) credentials.set(upstream, read)
  }
  const realms = new Set(relay.realms.map((host) => host.toLowerCase()))
  return createRelay({
    fetch,
    authority: createAuthority({
      fetch,
      timeoutMs,
      tokens: new LRUCache<string, HeldToken>({ max: heldTokens }),
      coalesce: createSingleFlight(),
      credentialsOf: (upstream) => credentials.get(upstream),
      realms,
      now: Date.now,
    }),
    realms,
    timeoutMs,
    clientIdleMs: 60_000,
    maxListBytes: 8 * 1024 * 1024,
    // The distribution spec has registries take 4 MiB, and clients take no more.
    maxManifestBytes: 4 * 1024 * 1024 + 65_536,
    inlineBytes,
    listsAtOnce: 32,
    atOnce,
    // Each replica has its own: one nearport may well stand before another.
    name: `nearport-${randomUUID()}`,
  })
}

function readCredentials(
  { mode, registry, credentials: prefix }: ConfiguredUpstream,
  env: Environment,
): Credentials | undefined {
  // Sync may have credentials where clients need none.
  if (mode !== 'relay' || prefix === undefined) return undefined
  const [user, password] = ['USERNAME', 'PASSWORD'].map((end) => {
    const value = env[`${prefix}_${end}`]
    if (value !== undefined && value !== '') return value
    throw new Error(`wanted ${prefix}_${end} in the environment for ${registry}, got none`)
  })
  return { user: user!, password: password! }
}
