import type { Settled } from './decision.ts'
import type { Cloud } from './location.ts'
import type { RangesChange, RegionChange } from './ranges-flow.ts'
import type { Reason } from './reason.ts'
import type { RegistryRequest } from './request.ts'

/** Where a manifest may come from that is given here. */
export type ManifestSource = 'memory' | 'mirror' | 'upstream' | 'stale'

/** The one wide record that a request leaves. It holds no client address. */
export type RequestEvent = {
  readonly event: 'request'
  /** When the request came, in milliseconds since 1970. */
  readonly timeMs: number
  readonly method: string
  readonly kind: RegistryRequest['kind']
  readonly repository?: string
  /** The tag or digest asked for. */
  readonly reference?: string
  /** Where the client is; both absent: nowhere known. */
  readonly cloud?: string
  readonly region?: string
  readonly action: Settled['action']
  readonly reason: Reason
  /** Where a manifest came from, where manifests are kept; `stale`: from memory, for want of better. */
  readonly source?: ManifestSource
  /** The mirror the client was sent to. */
  readonly mirror?: string
  /** The mirror it would have been sent to, were that not out. */
  readonly insteadOf?: string
  /** The address that was chosen, where the upstream has several. */
  readonly upstream?: string
  readonly status: number
  /** The size of the whole blob, where the index knows it. */
  readonly sizeBytes?: number
  /** What the client reads of a blob, where it is known: less than its size where it resumes. */
  readonly bytes?: number
  readonly durationMs: number
  /** What went wrong on our side or the upstream's, if something did. */
  readonly error?: string
}

/** A look for a newer index: what came of it, and each place that did not give what was wanted. */
export type IndexEvent = {
  readonly event: 'index'
  readonly timeMs: number
  readonly outcome: 'loaded' | 'unchanged' | 'missing'
  readonly generation?: number
  readonly blobs?: number
  /** What was read of index files and deltas; absent: nothing. */
  readonly movedBytes?: number
  readonly problems: readonly string[]
}

/**
 * A mirror that no longer holds a blob that it held: nothing that is remembered of it counts any
 * more.
 */
export type MirrorLostEvent = {
  readonly event: 'mirror-lost'
  readonly timeMs: number
  readonly mirror: string
}

/** A mirror does not hold a blob that clients are sent there for; it has others. */
export type BlobLostEvent = {
  readonly event: 'blob-lost'
  readonly timeMs: number
  readonly mirror: string
  readonly digest: string
}

/** A mirror does not serve, by what came of asking it, and clients are not sent there any more. */
export type MirrorOutEvent = {
  readonly event: 'mirror-out'
  readonly timeMs: number
  readonly mirror: string
  readonly why: string
}

/** A mirror that was out serves again. */
export type MirrorBackEvent = {
  readonly event: 'mirror-back'
  readonly timeMs: number
  readonly mirror: string
  /** For how long it was out. */
  readonly outMs: number
}

/** One of several addresses of an upstream no longer answers, or does again. */
export type UpstreamEvent = {
  readonly event: 'upstream-down' | 'upstream-up'
  readonly timeMs: number
  /** Scheme and host. */
  readonly upstream: string
}

/**
 * Credentials for the addresses of private mirrors, where they are lent: found, or not to be had.
 * Clients are sent to those mirrors for as long as the last ones hold.
 */
export type CredentialsEvent = {
  readonly event: 'mirror-credentials'
  readonly timeMs: number
  readonly outcome: 'found' | 'missing'
  /** Ids of the mirrors that they are for. */
  readonly mirrors: readonly string[]
  readonly problem?: string
}

/**
 * The certificate that clients are shown: the first one, and another that was taken, or refused, so that
 * the last good one stays.
 */
export type CertificateEvent = {
  readonly event: 'certificate'
  readonly timeMs: number
  readonly outcome: 'taken' | 'refused'
  /** Until when the one that was taken holds: ISO 8601. */
  readonly validTo?: string
  readonly problem?: string
}

/** A look for a newer document of a cloud's address ranges, or at the copy that is kept of all. */
export type RangesEvent = {
  readonly event: 'ranges'
  readonly timeMs: number
  readonly outcome: 'updated' | 'unchanged' | 'refused' | 'failed'
  /** Absent: the kept copy could not be read. */
  readonly cloud?: Cloud
  /** The address it was asked of, without its query; absent: it is of the kept copy. */
  readonly from?: string
  /** The document's own version: the one now in use, or the refused one. */
  readonly version?: string
  /** What an update changed, or a refused one would have: in all, and in the regions most changed. */
  readonly change?: RangesChange
  readonly regions?: readonly RegionChange[]
  readonly problems: readonly string[]
}

/** The configuration was read anew. */
export type ConfigEvent = {
  readonly event: 'config'
  readonly timeMs: number
  /** `refused`: the one in use stays. */
  readonly outcome: 'taken' | 'unchanged' | 'refused'
  /** What is wrong with it; of one that was taken, what counts at the next start alone. */
  readonly problems: readonly string[]
}

/** The service's own coming and going. */
export type LifecycleEvent = {
  readonly event: 'started' | 'draining' | 'stopped'
  readonly timeMs: number
  readonly detail?: string
  /** How many processes answer clients, where there are several. */
  readonly processes?: number
}

/** One of several processes that answer clients is gone: the others go on. */
export type ProcessOutEvent = {
  readonly event: 'process-out'
  readonly timeMs: number
  /** Which one, from 1. */
  readonly process: number
  /** The signal that ended it, as `SIGKILL`, or its exit code. */
  readonly how: string
  /** What it failed at, where it said so. */
  readonly problem?: string | undefined
  /** After how long another is started in its place. */
  readonly againMs: number
  /** How many of them listen now. */
  readonly listening: number
}

/** Another process listens in the place of one that was gone. */
export type ProcessBackEvent = {
  readonly event: 'process-back'
  readonly timeMs: number
  readonly process: number
  readonly outMs: number
  readonly listening: number
}

/** Whatever the service leaves on its record: one JSON line each. */
export type ServiceEvent =
  | RequestEvent
  | IndexEvent
  | MirrorLostEvent
  | BlobLostEvent
  | MirrorOutEvent
  | MirrorBackEvent
  | CredentialsEvent
  | RangesEvent
  | CertificateEvent
  | UpstreamEvent
  | ConfigEvent
  | LifecycleEvent
  | ProcessOutEvent
  | ProcessBackEvent
