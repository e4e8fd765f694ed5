import type { Listing, Plan } from '../core/plan.ts'
import type { OpenedMirror } from './open-mirrors.ts'
import type { Published } from './publish.ts'
import type { Problem } from './recorder.ts'
import type { MirrorState, SyncSummary } from './summary.ts'
import type { Moved, Transferred } from './transfer.ts'
import type { Walked } from './walk.ts'

/** What the parts of a run came to. */
export type Outcome = {
  readonly dryRun: boolean
  /** Whether it was stopped before its end. */
  readonly stopped: boolean
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
}

/** Sums a run up. */
export function summarize(
  outcome: Outcome,
  problems: readonly Problem[],
  durationMs: number,
): SyncSummary {
  const { dryRun, opened, listings, walked, plan, moved, published } = outcome
  const isPublished = published !== undefined && published.to.length > 0
  return {
    dryRun,
    repositories: walked.repositories,
    manifests: walked.manifests,
    plan: plan.totals,
    uploaded: totalOf(moved.uploaded),
    copied: totalOf(moved.copied),
    upstreamBytes: moved.upstreamBytes,
    mirrors: opened.map((mirror) => {
      const { id } = mirror
      const sizes = [...(listings.get(id)?.values() ?? [])]
      return {
        id,
        state: stateOf(mirror, outcome, isPublished),
        blobs: sizes.length,
        bytes: sizes.reduce((sum, size) => sum + size, 0),
        uploaded: moved.uploaded.get(id) ?? nothing,
        copied: moved.copied.get(id) ?? nothing,
      }
    }),
    problems,
    publication: isPublished ? published.how : 'none',
    generation: isPublished ? published.generation : undefined,
    durationMs,
  }
}

const nothing: Moved = { blobs: 0, bytes: 0 }

function stateOf(mirror: OpenedMirror, outcome: Outcome, isPublished: boolean): MirrorState {
  if (mirror.kind !== 'open') return mirror.kind
  if (outcome.dryRun) return 'planned'
  if (!isPublished && outcome.stopped) return 'stopped'
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
