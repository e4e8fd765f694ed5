import type { PlanTotals } from '../core/plan.ts'
import type { Problem } from './recorder.ts'
import type { Moved } from './transfer.ts'

/**
 * What became of a mirror. `published`: clients are sent there; `left-out`: it was written to, and
 * its clients get the upstream; `refused`: the bucket is not ours; `unreachable`: it could not be
 * asked; `planned`: this was a dry run; `stopped`: the run ended before anything was published, and
 * clients go where they went.
 */
export type MirrorState =
  | 'published'
  | 'left-out'
  | 'refused'
  | 'unreachable'
  | 'planned'
  | 'stopped'

export type MirrorSummary = {
  readonly id: string
  readonly state: MirrorState
  /** What it holds now, as far as it could be listed. */
  readonly blobs: number
  readonly bytes: number
  readonly uploaded: Moved
  readonly copied: Moved
}

/** What a run did. Without problems it went as it should. */
export type SyncSummary = {
  readonly dryRun: boolean
  readonly repositories: number
  readonly manifests: number
  readonly plan: PlanTotals
  readonly uploaded: Moved
  readonly copied: Moved
  /** Bytes of blobs read from upstreams. */
  readonly upstreamBytes: number
  readonly mirrors: readonly MirrorSummary[]
  readonly problems: readonly Problem[]
  readonly publication: 'new' | 'unchanged' | 'none'
  /** The generation that clients are answered from now; undefined where none was published. */
  readonly generation: number | undefined
  readonly durationMs: number
}
