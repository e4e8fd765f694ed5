import type { Listing, Plan } from '../core/plan.ts'
import type { RunCost } from '../core/run-cost.ts'
import type { OpenedMirror } from './open-mirrors.ts'
import type { Published } from './publish/publish.ts'
import type { Problem } from './recorder.ts'
import type { MirrorState, SyncSummary } from './summary.ts'
import type { Moved, Transferred } from './transfer/transfer.ts'
import type { Walked } from './walk/walk.ts'

/** What the parts of a run came to. */
export type Outcome = {
  readonly dryRun: boolean
  /** Whether it was stopped before its end. */
  readonly stopped: boolean
  /** Whether it was this run's part to publish: it is not while another shard of it goes on. */
  readonly isLast: boolean
  readonly opened: readonly OpenedMirror[]
  /** The newest listing of every mirror that gave one. */
  readonly listings: ReadonlyMap<string, Listing>
  readonly walked: Walked
  readonly plan: Plan
  readonly moved: Transferred
  /** Mirrors that may be sent clients. */
  readonly goodIds: ReadonlySet<string>
  /** Undefined where nothing was to be published. */
  readonly published: Published | undefined
  readonly requests: Readonly<Record<string, number>>
  readonly cost: RunCost | undefined
}

/** Sums a run up. */
export function summarize(
  outcome: Outcome,
  problems: readonly Problem[],
  durationMs: number,
): SyncSummary {
  const { dryRun, opened, listings, walked, plan, moved, published } = outcome
  const isSaid = published !== undefined && published.to.length > 0
  const isPublished = isSaid && (published.how === 'new' || published.how === 'unchanged')
  return {
    dryRun,
    repositories: walked.repositories,
    manifests: walked.manifests,
    known: walked.known,
    plan: plan.totals,
    uploaded: totalOf(moved.uploaded),
    copied: totalOf(moved.copied),
    upstreamBytes: moved.upstreamBytes,
    mirrorBytes: moved.mirrorBytes,
    requests: outcome.requests,
    cost: outcome.cost,
    mirrors: opened.map((mirror) => {
      const { id } = mirror
      return {
        id,
        state: stateOf(mirror, outcome, isPublished),
        blobs: listings.get(id)?.size ?? 0,
        bytes: bytesOf(listings.get(id)),
        uploaded: moved.uploaded.get(id) ?? nothing,
        copied: moved.copied.get(id) ?? nothing,
      }
    }),
    problems,
    publication: isSaid ? published.how : 'none',
    generation: isSaid ? published.generation : undefined,
    durationMs,
  }
}

/** What a listing comes to, in bytes. */
export function bytesOf(listing: Listing | undefined): number {
  let bytes = 0
  for (const size of listing?.values() ?? []) bytes += size
  return bytes
}

const nothing: Moved = { blobs: 0, bytes: 0 }

function stateOf(mirror: OpenedMirror, outcome: Outcome, isPublished: boolean): MirrorState {
  if (mirror.kind !== 'open') return mirror.kind
  if (outcome.dryRun) return 'planned'
  if (!isPublished && outcome.stopped) return 'stopped'
  const { published } = outcome
  if (!outcome.isLast || published?.how === 'pinned' || published?.how === 'superseded') {
    return 'filled'
  }
  return isPublished && outcome.goodIds.has(mirror.id) ? 'published' : 'left-out'
}

function totalOf(moved: ReadonlyMap<string, Moved>): Moved {
  let { blobs, bytes } = nothing
  for (const each of moved.values()) {
    blobs += each.blobs
    bytes += each.bytes
  }
  return { blobs, bytes }
}
