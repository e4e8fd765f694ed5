import type { Digest } from './digest.ts'
import type { PlanTotals } from './plan.ts'

/** The record that one step of a sync leaves. */
export type SyncEvent = { readonly event: 'sync'; readonly timeMs: number } & SyncStep

/**
 * What happened, by `step`. Mirrors are named by id, repositories as clients name them; sizes are
 * in bytes.
 */
export type SyncStep =
  /** Which repositories are wanted is known. */
  | { readonly step: 'selected'; readonly repositories: number }
  | {
      readonly step: 'walked'
      readonly repository: string
      readonly tags: number
      readonly manifests: number
      /** How many of the manifests the ledger had: they were not fetched. */
      readonly known?: number
      /** Blobs that no repository before it named. */
      readonly blobs: number
      readonly bytes: number
    }
  | {
      readonly step: 'skipped'
      readonly repository: string
      readonly digest: string
      readonly why: string
    }
  | {
      /** The record of manifests that are fully mirrored; `damaged`: it is built anew. */
      readonly step: 'ledger'
      readonly how: 'read' | 'written' | 'absent' | 'damaged'
      readonly manifests: number
      readonly sizeBytes: number
    }
  | {
      /** Nothing is asked of a host for so long; `why` says by whose wish. */
      readonly step: 'waiting'
      readonly host: string
      readonly why: string
      readonly ms: number
    }
  | { readonly step: 'claimed'; readonly mirror: string }
  /** So many uploads in parts that a killed run had left were taken away. */
  | { readonly step: 'cleared'; readonly mirror: string; readonly uploads: number }
  /** The bucket was given its mirror's canary. */
  | { readonly step: 'canary'; readonly mirror: string }
  | {
      readonly step: 'listed'
      readonly mirror: string
      readonly blobs: number
      readonly bytes: number
    }
  | {
      /** What pays in a mirror: what that saves, and costs to keep, in dollars a month. */
      readonly step: 'chosen'
      readonly mirror: string
      readonly blobs: number
      readonly bytes: number
      readonly saved: string
      readonly storage: string
    }
  | ({ readonly step: 'planned' } & PlanTotals)
  /** A blob is read from an upstream from now on: what comes of it is `written` or `retried`. */
  | { readonly step: 'reading'; readonly digest: Digest; readonly sizeBytes: number }
  /** So much of a blob has come by now. For blobs that take long, and seldom: it goes to the log. */
  | { readonly step: 'progress'; readonly digest: Digest; readonly bytes: number }
  | {
      readonly step: 'written'
      readonly how: 'uploaded' | 'copied'
      readonly mirror: string
      readonly digest: Digest
      readonly sizeBytes: number
      /** `upstream`, or the mirror it came from. */
      readonly from: string
      readonly durationMs: number
    }
  | {
      /** Also where the next way is tried: another repository, or the bytes where a copy failed. */
      readonly step: 'retried'
      readonly mirror: string
      readonly digest: Digest
      readonly why: string
    }
  /** Blobs that a mirror has and that the index keeps to itself, as their contents are doubted. */
  | { readonly step: 'withheld'; readonly mirror: string; readonly blobs: number }
  | {
      /** One of the shards of a run has ended, and so many of the others have not. */
      readonly step: 'shard-ended'
      readonly index: number
      readonly of: number
      readonly missing: number
    }
  /** Clients stay with a generation that somebody chose: what this run found is not published. */
  | { readonly step: 'pinned'; readonly generation: number }
  | {
      /** A blob that nobody wants: out of the index from now on; or, its grace over, deleted. */
      readonly step: 'condemned' | 'deleted'
      readonly mirror: string
      readonly digest: Digest
      readonly sizeBytes: number
    }
  | { readonly step: 'problem'; readonly subject: string; readonly message: string }
  | {
      readonly step: 'published'
      /**
       * `unchanged`: the contents were those of the generation before, which was found still right.
       */
      readonly how: 'new' | 'unchanged'
      readonly generation: number
      readonly blobs: number
      readonly sizeBytes: number
      /** What who has the generation before reads instead; absent: it reads all of this one. */
      readonly deltaBytes?: number
      /** Mirror ids, and the folder where one is configured. */
      readonly to: readonly string[]
    }
