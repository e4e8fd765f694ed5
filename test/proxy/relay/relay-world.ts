import { LRUCache } from 'lru-cache'
import { onTestFinished } from 'vitest'
import type { Policy, Presence } from '../../../src/core/policy.ts'
import type { RequestEvent } from '../../../src/core/event.ts'
import { createRouter } from '../../../src/core/route.ts'
import type { Upstream } from '../../../src/core/upstream.ts'
import type { UpstreamPlaces } from '../../../src/core/upstream-places.ts'
import type { Registry, RegistryOptions } from '../../../src/embedded/registry.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import { createApp } from '../../../src/proxy/app.ts'
import type { KeptManifests } from '../../../src/proxy/manifests/kept.ts'
import type { RelayDeps } from '../../../src/proxy/relay/relay.ts'
import { createRelay } from '../../../src/proxy/relay/relay.ts'
import type { HeldToken } from '../../../src/proxy/upstream/authority.ts'
import { createAuthority } from '../../../src/proxy/upstream/authority.ts'
import type { Credentials } from '../../../src/proxy/upstream/token.ts'
import { createSingleFlight } from '../../../src/runtime/single-flight.ts'

/** nearport in relay mode with no mirrors, before something that answers `fetch`. */
export type RelayApp = {
  readonly ask: (target: string, init?: RequestInit) => Promise<Response>
  readonly events: RequestEvent[]
  /** Milliseconds since 1970, as nearport takes them for its tokens. */
  readonly clock: { ms: number }
}

export type RelayChanges = Partial<Omit<RelayDeps, 'authority' | 'realms'>> & {
  readonly credentials?: Credentials
  readonly realms?: readonly string[]
  readonly upstream?: Partial<Upstream>
  readonly places?: UpstreamPlaces
  /** What an index says that any blob has, which no mirror holds. */
  readonly sizeBytes?: number
  /** Keeps manifests, by a clock in milliseconds. */
  readonly manifests?: (now: () => number) => KeptManifests
  readonly policy?: Partial<Policy>
  readonly presence?: Presence
}

export function createRelayApp(registry: string, changes: RelayChanges = {}): RelayApp {
  const { credentials, upstream, places, sizeBytes, realms: named = [], ...others } = changes
  const { manifests, policy, presence: known, ...deps } = others
  const events: RequestEvent[] = []
  const clock = { ms: 1_000_000 }
  const regions = { find: () => undefined }
  const route = createRouter({ mirrors: [], overrides: {}, elsewhere: 'upstream', regions })
  const upstreams = [
    { repositories: '', registry, namespace: 'prod', mode: 'relay' as const, ...upstream },
  ]
  const timeoutMs = deps.timeoutMs ?? 2000
  const realms = new Set(named)
  const asks = deps.fetch ?? fetch
  const authority = createAuthority({
    fetch: asks,
    timeoutMs,
    tokens: new LRUCache<string, HeldToken>({ max: 100 }),
    coalesce: createSingleFlight(),
    credentialsOf: () => credentials,
    realms,
    now: () => clock.ms,
  })
  const presence: Presence = known ?? { holds: () => 'absent', sizeBytes: () => sizeBytes }
  const app = createApp({
    policyOf: () => ({
      upstreams,
      mirrors: [],
      route,
      places,
      manifests: manifests && 'kept',
      ...policy,
    }),
    locate: () => undefined,
    presence: { current: () => presence, ask: () => Promise.resolve('failed') },
    askForMs: 100,
    relay: createRelay(
      {
        fetch: asks,
        authority,
        health: { hear: () => {} },
        realms,
        timeoutMs,
        clientIdleMs: 2000,
        maxListBytes: 1000,
        maxManifestBytes: 4096,
        inlineBytes: 1024 * 1024,
        listsAtOnce: 8,
        atOnce: 8,
        name: 'nearport-test',
        ...deps,
      },
      manifests?.(() => clock.ms),
    ),
    record: (event) => events.push(event),
    now: Date.now,
    elapsedMs: () => performance.now(),
  })
  const ask = async (target: string, init: RequestInit = {}) =>
    app.fetch(new Request(`http://nearport.example${target}`, init), {})
  return { ask, events, clock }
}

/** The same before an embedded registry on a port, and once more on another: its CDN. */
export type RelayWorld = RelayApp & {
  readonly registry: Registry
  readonly url: string
  readonly cdnUrl: string
}

/** Starts them for one test. `optionsWith` gets the CDN's address, which is known once it listens. */
export async function startRelayWorld(
  optionsWith: (cdn: () => string) => RegistryOptions = () => ({}),
  changes: RelayChanges = {},
): Promise<RelayWorld> {
  let cdnUrl = ''
  const registry = createRegistry(optionsWith(() => cdnUrl))
  const [served, cdn] = await Promise.all([
    serveEmbedded(registry.fetch),
    serveEmbedded(registry.fetch),
  ])
  cdnUrl = cdn.url
  onTestFinished(async () => {
    await Promise.all([served.close(), cdn.close()])
  })
  return { ...createRelayApp(served.url, changes), registry, url: served.url, cdnUrl }
}

/** What a stubbed upstream is asked: the URL and the headers, in lower case. */
export type SentRequest = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A `fetch` that never leaves the test, and all that it was asked. */
export function stubFetch(answer: (sent: SentRequest) => Response | Promise<Response>): {
  readonly fetch: typeof fetch
  readonly sent: SentRequest[]
} {
  const sent: SentRequest[] = []
  return {
    sent,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const { method, url } = request
      const one = { method, url, headers: Object.fromEntries(request.headers) }
      sent.push(one)
      return answer(one)
    },
  }
}

/** The code and message of an error answer. */
export async function errorOf(
  response: Response,
): Promise<{ readonly code: string; readonly message: string }> {
  const { errors } = (await response.json()) as {
    errors: readonly { code: string; message: string }[]
  }
  return errors[0]!
}
