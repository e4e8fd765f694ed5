import type { Digest } from './digest.ts'
import type { Listing } from './plan.ts'

/** What is to become of the blobs of one mirror that nobody wants. */
export type PrunePlan = {
  /** To be left out of the index from now on. */
  readonly condemned: readonly PrunedBlob[]
  /** Left out before, and not for long enough yet. */
  readonly waiting: readonly PrunedBlob[]
  /** Left out for long enough: to be deleted. */
  readonly due: readonly PrunedBlob[]
  /** Left out before, and wanted again. */
  readonly pardoned: readonly Digest[]
  /** Bytes that the mirror lists, and those of each kind. */
  readonly bytes: {
    readonly listed: number
    readonly condemned: number
    readonly waiting: number
    readonly due: number
  }
}

/** A blob that nobody wants: since when (ms since 1970) it has been in no index. */
export type PrunedBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly sinceMs: number
}

export type PruneQuestion = {
  readonly listing: Listing
  readonly isWanted: (digest: Digest) => boolean
  /** What was left out before, since when. */
  readonly condemned: ReadonlyMap<Digest, number>
  readonly nowMs: number
  readonly graceMs: number
}

/** Sorts what a mirror lists into what is wanted, what waits and what is due. */
export function planPrune(question: PruneQuestion): PrunePlan {
  const { listing, isWanted, condemned, nowMs, graceMs } = question
  const plan = {
    condemned: [] as PrunedBlob[],
    waiting: [] as PrunedBlob[],
    due: [] as PrunedBlob[],
    pardoned: [] as Digest[],
    bytes: { listed: 0, condemned: 0, waiting: 0, due: 0 },
  }
  for (const [digest, sizeBytes] of listing) {
    plan.bytes.listed += sizeBytes
    const since = condemned.get(digest)
    if (isWanted(digest)) {
      if (since !== undefined) plan.pardoned.push(digest)
      continue
    }
    // A clock that was wrong when the file was written must not make anything due.
    const sinceMs = Math.min(since ?? nowMs, nowMs)
    const kind = since === undefined ? 'condemned' : nowMs - sinceMs < graceMs ? 'waiting' : 'due'
    plan[kind].push({ digest, sizeBytes, sinceMs })
    plan.bytes[kind] += sizeBytes
  }
  return plan
}

/** The largest share of a mirror's bytes that one run takes from it: 0 to 1. */
export function pruneShare({ bytes }: PrunePlan): number {
  return bytes.listed === 0 ? 0 : Math.max(bytes.condemned, bytes.due) / bytes.listed
}
