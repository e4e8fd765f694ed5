import type { Upstream } from '../core/upstream.ts'
import type { Limiter } from './concurrency.ts'
import type { FoundBlobs } from './found-blobs.ts'
import type { Recorder } from './recorder.ts'
import type { UpstreamClient } from './upstream.ts'

/** What a walk needs of the world. */
export type WalkDeps = {
  readonly clientOf: (upstream: Upstream) => UpstreamClient
  readonly recorder: Recorder
  readonly concurrency: number
  /** Whether what refers to a manifest (signatures, attestations, SBOMs) is walked too. */
  readonly referrers: boolean
  readonly stop: AbortSignal
}

/** One walk's shared state: what all of its repositories have found, and the limit they share. */
export type WalkState = WalkDeps & {
  readonly blobs: FoundBlobs
  readonly limit: Limiter
}
