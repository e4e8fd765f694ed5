import type { Digest } from './digest.ts'

/** A blob that some image needs. */
export type WantedBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  /**
   * Repositories that it can be read from, by the names clients use: one at least, the first is
   * asked first.
   */
  readonly repositories: readonly string[]
}

/** What a mirror's bucket lists: blobs and their sizes in bytes. */
export type Listing = ReadonlyMap<Digest, number>

/** A wanted blob that some mirror lacks. */
export type BlobWork = WantedBlob & {
  /** Ids of the mirrors that lack it, or hold something of another size under its name. */
  readonly lacking: readonly string[]
  /** Ids of the mirrors that have it. */
  readonly having: readonly string[]
}

/** What a sync has to do, and how much that is. */
export type Plan = {
  readonly work: readonly BlobWork[]
  /** Blobs that one request cannot store: they stay with the upstream. */
  readonly tooLarge: readonly WantedBlob[]
  readonly totals: PlanTotals
}

/** Requests and bytes. A read serves one write; every further mirror costs one copy. */
export type PlanTotals = {
  readonly wantedBlobs: number
  readonly wantedBytes: number
  readonly upstreamReads: number
  readonly upstreamBytes: number
  readonly writes: number
  readonly writtenBytes: number
}

/** S3 takes 5 GiB in one PUT or copy ("Uploading objects"; "Copying objects", S3 user guide). */
export const largestBlobBytes = 5 * 1024 ** 3

/** Subtracts what the mirrors list from what is wanted. `listings` are by mirror id. */
export function planSync(
  wanted: Iterable<WantedBlob>,
  listings: ReadonlyMap<string, Listing>,
): Plan {
  const work: BlobWork[] = []
  const tooLarge: WantedBlob[] = []
  const totals = {
    wantedBlobs: 0,
    wantedBytes: 0,
    upstreamReads: 0,
    upstreamBytes: 0,
    writes: 0,
    writtenBytes: 0,
  }

  for (const blob of wanted) {
    totals.wantedBlobs++
    totals.wantedBytes += blob.sizeBytes
    const ids = [...listings.keys()]
    // A size that is not the descriptor's is another content: it is written over.
    const has = (id: string) => listings.get(id)?.get(blob.digest) === blob.sizeBytes
    const lacking = ids.filter((id) => !has(id))
    if (lacking.length === 0) continue
    if (blob.sizeBytes > largestBlobBytes) {
      tooLarge.push(blob)
      continue
    }

    const having = ids.filter(has)
    work.push({ ...blob, lacking, having })
    totals.writes += lacking.length
    totals.writtenBytes += lacking.length * blob.sizeBytes
    if (having.length === 0) {
      totals.upstreamReads++
      totals.upstreamBytes += blob.sizeBytes
    }
  }
  return { work, tooLarge, totals }
}
