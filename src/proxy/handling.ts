import type { Policy } from '../core/policy.ts'
import type { RequestEvent } from '../core/event.ts'
import type { ClientLocation } from '../core/location.ts'
import type { RegistryRequest } from '../core/request.ts'
import type { PassThrough } from './pass-through/pass-through.ts'
import type { PresenceSource } from './presence.ts'
import type { Relay } from './relay/relay.ts'
import type { RequestHead } from './request-head.ts'

/** What the app needs of the world. `Env` is what the runtime gives with a request. */
export type ProxyDeps<Env> = {
  /**
   * The policy for a request, by the names it was asked by and by whether its client must not be sent
   * to a mirror. `ns` is containerd's. What it is made of is swapped whole, when a newer one has
   * passed its checks.
   */
  readonly policyOf: (head: RequestHead, ns: string | undefined, env: Env) => Policy
  /** Where the client is, from the one configured source of its address. */
  readonly locate: (head: RequestHead, env: Env) => ClientLocation | undefined
  readonly presence: PresenceSource
  /** How long one request may spend asking mirrors, in milliseconds. */
  readonly askForMs: number
  readonly relay: Relay
  /** Asks upstreams with the credentials that clients send; undefined: no upstream wants that. */
  readonly passThrough?: PassThrough | undefined
  readonly record: (event: RequestEvent) => void
  /** Milliseconds since 1970, for telling when. */
  readonly now: () => number
  /** Milliseconds since some moment, never set back, for telling how long. */
  readonly elapsedMs: () => number
}

/** A request as far as it is understood. */
export type Handling = {
  readonly method: string
  readonly request: RegistryRequest
  /** The Range header of a request for a blob. */
  readonly range: string | undefined
  readonly client: ClientLocation | undefined
  readonly policy: Policy
  readonly timeMs: number
  /** By `elapsedMs`. */
  readonly startedMs: number
}
