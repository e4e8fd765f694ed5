import { LRUCache } from 'lru-cache'
import type { Config, ConfiguredUpstream } from '../config.ts'
import type { ClientWay } from '../proxy/pass-through/client-ways.ts'
import { createClientWays } from '../proxy/pass-through/client-ways.ts'
import type { PassThrough } from '../proxy/pass-through/pass-through.ts'
import { createPassThrough } from '../proxy/pass-through/pass-through.ts'
import type { Relay, RelayDeps } from '../proxy/relay/relay.ts'
import { createRelay } from '../proxy/relay/relay.ts'
import type { LearntOpenness } from '../proxy/pass-through/repository-openness.ts'
import type { HeldToken } from '../proxy/upstream/authority.ts'
import { createAuthority } from '../proxy/upstream/authority.ts'
import type { Credentials } from '../proxy/upstream/token.ts'
import { createConfiguredManifests, largestManifestBytes } from './manifests.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** So many repositories' tokens are kept, of some kilobytes each. */
const heldTokens = 10_000

/** Of so many repositories it is remembered whether anyone may read them, some hundred bytes each. */
const rememberedOpenness = 10_000

/** What is not the same everywhere that nearport runs. */
export type RelayPlace = Partial<Pick<RelayDeps, 'fetch' | 'name'>> &
  Pick<RelayDeps, 'health' | 'listsAtOnce' | 'atOnce'> & {
    readonly flights: Flights
    /** The memory that manifests may take at most, in bytes; default: what is configured. */
    readonly mostManifestBytes?: number
  }

/** Makes what runs one call for all who ask for the same at once, or each its own. */
type Flights = <T>() => (key: string, run: () => Promise<T>) => Promise<T>

/** What asks upstreams in the place of clients. */
export type ConfiguredRelay = {
  readonly relay: Relay
  /** Undefined: no upstream knows its clients. */
  readonly passThrough: PassThrough | undefined
}

/** The relay as configured, in a place. Throws where credentials are not in the environment. */
export function createConfiguredRelay(
  config: Config,
  env: Environment,
  { fetch: sendFor, name, health, flights, listsAtOnce, atOnce, mostManifestBytes }: RelayPlace,
): ConfiguredRelay {
  const { upstreams, relay, publicUrl } = config
  const { timeoutMs, inlineBytes } = relay
  // By what the environment names them: an upstream may be asked at several addresses.
  const credentials = new Map<string, Credentials>()
  for (const upstream of upstreams) {
    const read = readCredentials(upstream, env)
    if (read !== undefined) credentials.set(upstream.credentials!, read)
  }
  const realms = realmsOf(relay)
  // workerd's own refuses to be called as a method of anything.
  const fetchNow: RelayDeps['fetch'] = sendFor ?? ((url, init) => fetch(url, init))
  // Each replica has its own: one nearport may well stand before another.
  const ownName = name ?? `nearport-${crypto.randomUUID()}`
  const remembered = new LRUCache<string, ClientWay>({ max: 1000 })
  const ways = createClientWays({ fetch: fetchNow, remembered, realms, name: ownName })
  const challenges = { ways, publicUrl }
  const relayDeps: RelayDeps = {
    fetch: fetchNow,
    authority: createAuthority({
      fetch: fetchNow,
      timeoutMs,
      tokens: new LRUCache<string, HeldToken>({ max: heldTokens }),
      coalesce: flights(),
      credentialsOf: (upstream) => credentials.get(upstream.credentials ?? ''),
      realms,
      now: Date.now,
    }),
    health,
    realms,
    timeoutMs,
    clientIdleMs: 60_000,
    maxListBytes: 8 * 1024 * 1024,
    maxManifestBytes: largestManifestBytes,
    inlineBytes,
    listsAtOnce,
    atOnce,
    name: ownName,
    challenges,
  }
  const isKnowing = upstreams.some(({ clientCredentials }) => clientCredentials === true)
  const passThrough = isKnowing
    ? createPassThrough({
        relay: relayDeps,
        challenges,
        remembered: new LRUCache<string, LearntOpenness>({ max: rememberedOpenness }),
        coalesce: flights(),
      })
    : undefined
  const manifests = createConfiguredManifests(config, {
    coalesce: flights(),
    mostBytes: mostManifestBytes,
  })
  return { relay: createRelay(relayDeps, manifests), passThrough }
}

/** Hosts that upstreams may lead to although they are private, in lower case. */
export function realmsOf({ realms }: Config['relay']): ReadonlySet<string> {
  return new Set(realms.map((host) => host.toLowerCase()))
}

function readCredentials(
  { mode, registry, credentials: prefix, clientCredentials }: ConfiguredUpstream,
  env: Environment,
): Credentials | undefined {
  // Sync may have credentials where clients need none, or say their own.
  if (mode !== 'relay' || prefix === undefined || clientCredentials === true) return undefined
  const [user, password] = ['USERNAME', 'PASSWORD'].map((end) => {
    const value = env[`${prefix}_${end}`]
    if (value !== undefined && value !== '') return value
    throw new Error(`wanted ${prefix}_${end} in the environment for ${registry}, got none`)
  })
  return { user: user!, password: password! }
}
