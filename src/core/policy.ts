import type { Onward } from './decision.ts'
import type { Digest } from './digest.ts'
import type { ClientLocation } from './location.ts'
import type { Mirror } from './mirror.ts'
import type { BlobRequest } from './request.ts'
import type { Route } from './route.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamPlaces } from './upstream-places.ts'

/** Where the upstreams and mirrors are, and who goes where. */
export type Policy = {
  /** Longest prefix first. */
  readonly upstreams: readonly Upstream[]
  readonly mirrors: readonly Mirror[]
  readonly route: (client: ClientLocation | undefined) => Route
  /** Whether manifests are kept here, and whether mirrors hold them too; default: neither. */
  readonly manifests?: 'kept' | 'in mirrors' | undefined
  /** Which address of an upstream is asked for a client; undefined: each has one. */
  readonly places?: UpstreamPlaces | undefined
  /**
   * Whether anyone may read a blob at an upstream where clients' own credentials count; default: nobody
   * may.
   */
  readonly openness?: ((upstream: Upstream, request: BlobRequest) => Openness) | undefined
  /** The prefix that everything asked for is in, where its name here goes without; default: none. */
  readonly within?: string | undefined
}

/** `unknown`: not asked yet. `closed`: also where no answer came. */
export type Openness = 'open' | 'closed' | 'unknown'

/** The policy for clients that must not be sent to a mirror: the same, with none in it. */
export function withoutMirrors(policy: Policy): Policy {
  return { ...policy, route: () => optedOut }
}

// As one that the configuration names, it stands above every rule.
const optedOut: Route = { candidates: [], configured: true, otherwise: 'opted-out' }

/**
 * What is known of what the mirrors hold. `undefined` in its place: nothing is, since no index is
 * loaded.
 */
export type Presence = {
  readonly holds: (mirror: Mirror, digest: Digest) => Holding
  /** The blob's size in bytes where it is known. */
  readonly sizeBytes: (digest: Digest) => number | undefined
  /** Undefined: no mirror is out. */
  readonly failover?: Failover | undefined
}

/** Mirrors that are out, as they do not serve: whatever they hold, of them `failed` is said. */
export type Failover = {
  readonly isOut: (mirror: Mirror) => boolean
  /** Whether a client may go on from one that is out, as it may cost more than may be spent. */
  readonly mayGoOn: (client: ClientLocation | undefined, from: Mirror, to: Onward) => boolean
}

/** `unknown`: not asked yet. `failed`: asked, and the mirror gave no answer that says yes or no. */
export type Holding = 'present' | 'absent' | 'unknown' | 'failed'
