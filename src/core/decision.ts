import type { Digest } from './digest.ts'
import type { Refusal } from './error.ts'
import type { Mirror } from './mirror.ts'
import type { Reason } from './reason.ts'
import type { BlobRequest } from './request.ts'
import type { MirrorReason } from './route.ts'
import type { Upstream } from './upstream.ts'

/** What to answer, and why. */
export type Decision =
  /** `upstreams` say whom they know, where clients' own credentials count: all those of this name. */
  | {
      readonly action: 'version'
      readonly reason: 'version'
      readonly upstreams?: readonly Upstream[]
    }
  /** A token for a client's own credentials, of the upstream among these that it is wanted for. */
  | {
      readonly action: 'token'
      readonly reason: 'credentials'
      readonly upstreams: readonly Upstream[]
    }
  | (Onward & { readonly insteadOf?: Mirror | undefined })
  | { readonly action: 'relay'; readonly reason: 'listing'; readonly upstream: Upstream }
  | GivenManifest
  | { readonly action: 'size'; readonly reason: 'known-size'; readonly sizeBytes: number }
  | {
      readonly action: 'refuse'
      readonly reason: 'refused' | 'over-budget'
      readonly refusal: Refusal
    }
  /**
   * Learn whether this mirror holds the blob, and decide again. Only where presence is learnt by
   * asking.
   */
  | { readonly action: 'ask'; readonly mirror: Mirror; readonly digest: Digest }
  /** Learn whether anyone may read the blob where it comes from, and decide again. */
  | {
      readonly action: 'ask-upstream'
      readonly upstream: Upstream
      readonly request: BlobRequest
    }

/** Where a client reads a blob; `insteadOf` is the mirror that would have it, were it not out. */
export type Onward =
  | { readonly action: 'mirror'; readonly reason: MirrorReason; readonly mirror: Mirror }
  | { readonly action: 'upstream'; readonly reason: UpstreamReason; readonly upstream: Upstream }

/** A decision that stands: nothing needs to be learnt for it any more. */
export type Settled = Exclude<Decision, { action: 'ask' | 'ask-upstream' }>

/**
 * A manifest that is given here, in either mode of its upstream: from what is kept, else from
 * `mirror`, which may hold it, else the upstream is asked.
 */
export type GivenManifest = {
  readonly action: 'relay'
  readonly reason: 'manifest'
  readonly upstream: Upstream
  readonly mirror?: Mirror | undefined
}

/** Why the upstream answers. */
export type UpstreamReason = Extract<
  Reason,
  | 'manifest'
  | 'configured'
  | 'opted-out'
  | 'credentials'
  | 'same-cloud'
  | 'no-location'
  | 'no-mirror'
  | 'no-index'
  | 'not-mirrored'
  | 'unhealthy'
>
