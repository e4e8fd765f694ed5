import type { RunCost } from '../core/run-cost.ts'
import type { PlanTotals } from '../core/plan.ts'
import type { Problem } from './recorder.ts'
import type { Moved } from './transfer/transfer.ts'

/**
 * What became of a mirror. `published`: clients are sent there; `left-out`: it was written to, and
 * its clients get the upstream; `refused`: the bucket is not ours; `unreachable`: it could not be
 * asked; `planned`: this was a dry run; `filled`: it was written to, and what it holds was not this
 * run's to publish: another shard of it is at work, another run was first, or the index is pinned;
 * `stopped`: the run ended before anything was published, and clients go where they went.
 */
export type MirrorState =
  | 'published'
  | 'left-out'
  | 'refused'
  | 'unreachable'
  | 'planned'
  | 'filled'
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
  /** Those of the manifests that were known from runs before, and not fetched. */
  readonly known: number
  readonly plan: PlanTotals
  readonly uploaded: Moved
  readonly copied: Moved
  /** Bytes of blobs read from upstreams. */
  readonly upstreamBytes: number
  /** Bytes of blobs read from mirrors to be written to others; copies inside a store are not. */
  readonly mirrorBytes: number
  /** Requests that upstreams were sent, by host. */
  readonly requests: Readonly<Record<string, number>>
  /** What the run cost, or in a dry run would; undefined: nobody asked. */
  readonly cost: RunCost | undefined
  readonly mirrors: readonly MirrorSummary[]
  readonly problems: readonly Problem[]
  /** `pinned`, `superseded`: another index stands, and why. */
  readonly publication: 'new' | 'unchanged' | 'pinned' | 'superseded' | 'none'
  /** The generation that clients are answered from now; undefined where none was published. */
  readonly generation: number | undefined
  readonly durationMs: number
}
