import type { Digest } from './digest.ts'
import type { PlanTotals } from './plan.ts'

/** The record that one step of a sync leaves. */
export type SyncEvent = { readonly event: 'sync'; readonly timeMs: number } & SyncStep

/**
 * What happened, by `step`. Mirrors are named by id, repositories as clients name them; sizes are
 * in bytes.
 */
export type SyncStep =
  | {
      readonly step: 'walked'
      readonly repository: string
      readonly tags: number
      readonly manifests: number
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
  | { readonly step: 'claimed'; readonly mirror: string }
  /** The bucket was given its mirror's canary. */
  | { readonly step: 'canary'; readonly mirror: string }
  | {
      readonly step: 'listed'
      readonly mirror: string
      readonly blobs: number
      readonly bytes: number
    }
  | ({ readonly step: 'planned' } & PlanTotals)
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
      /** Mirror ids, and the folder where one is configured. */
      readonly to: readonly string[]
    }
