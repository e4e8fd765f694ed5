import type { Config } from '../config.ts'
import type { PrunedBlob } from '../core/prune.ts'
import type { Pruning } from './prune-mirrors.ts'
import type { Problem } from './recorder.ts'

/** What a prune did, or would do, in a mirror. Bytes with each count. */
export type MirrorPrune = {
  readonly id: string
  /**
   * `pruned`: as the counts say; `planned`: this was a dry run; `held-back`: it would have been more
   * than the configured share; `not-done`: the problems say why.
   */
  readonly state: 'pruned' | 'planned' | 'held-back' | 'not-done'
  readonly blobs: number
  readonly bytes: number
  /** Left out of the index from now on. */
  readonly condemned: Counted
  /** Left out before, and kept until the grace is over. */
  readonly waiting: Counted
  /** Deleted, or in a dry run to be deleted. */
  readonly deleted: Counted
  readonly pardoned: number
  /** When the next of those that wait is due: ISO 8601. */
  readonly nextDueAt: string | undefined
  /** Some of those that are to be deleted, and to leave the index. */
  readonly examples: readonly PrunedBlob[]
}

export type Counted = { readonly blobs: number; readonly bytes: number }

export type PruneSummary = {
  readonly dryRun: boolean
  readonly mirrors: readonly MirrorPrune[]
  readonly problems: readonly Problem[]
  readonly durationMs: number
}

/** Sums up what became of one mirror. */
export function summarizePruning(
  { id, listing, plan, isHeldBack }: Pruning,
  dryRun: boolean,
  isDone: boolean,
  { prune }: Config,
): MirrorPrune {
  const first = plan.waiting.reduce((least, { sinceMs }) => Math.min(least, sinceMs), Infinity)
  const nextMs = first + prune.graceSeconds * 1000
  return {
    id,
    state: isHeldBack ? 'held-back' : dryRun ? 'planned' : isDone ? 'pruned' : 'not-done',
    blobs: listing.size,
    bytes: plan.bytes.listed,
    condemned: counted(plan.condemned, plan.bytes.condemned),
    waiting: counted(plan.waiting, plan.bytes.waiting),
    deleted: counted(plan.due, plan.bytes.due),
    pardoned: plan.pardoned.length,
    nextDueAt: Number.isFinite(nextMs) ? new Date(nextMs).toISOString() : undefined,
    examples: [...plan.due.slice(0, mostExamples), ...plan.condemned.slice(0, mostExamples)],
  }
}

const mostExamples = 20

function counted(blobs: readonly PrunedBlob[], bytes: number): Counted {
  return { blobs: blobs.length, bytes }
}
