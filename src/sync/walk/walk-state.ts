import type { Upstream } from '../../core/upstream.ts'
import type { Limiter } from '../concurrency.ts'
import type { FoundBlobs } from './found-blobs.ts'
import type { Ledger } from './ledger.ts'
import type { ManifestBytes } from './manifest-bytes.ts'
import type { Recorder } from '../recorder.ts'
import type { UpstreamClient } from '../upstream/upstream.ts'

/** What a walk needs of the world. */
export type WalkDeps = {
  readonly clientOf: (upstream: Upstream) => UpstreamClient
  readonly recorder: Recorder
  readonly concurrency: number
  /** Whether what refers to a manifest (signatures, attestations, SBOMs) is walked too. */
  readonly referrers: boolean
  readonly referrersEverySeconds: number
  /** What is known of manifests, and learns of those that this walk fetches. */
  readonly ledger: Ledger
  /** Where the blobs go that manifests name. */
  readonly blobs: FoundBlobs
  /** Where manifests go that are fetched; undefined: mirrors hold none. */
  readonly manifestBytes?: ManifestBytes | undefined
  readonly stop: AbortSignal
  readonly now: () => number
}

/** One walk's shared state: the limit that all of its repositories share. */
export type WalkState = WalkDeps & {
  readonly limit: Limiter
  /** Whether anything was known before this walk: otherwise there is nothing to compare with. */
  readonly hasKnown: boolean
}
