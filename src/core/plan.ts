import type { Digest } from './digest.ts'
import { DigestMap } from './digest-map.ts'

/** A blob, or a manifest, that some image needs. */
export type WantedBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  /** The media type of a manifest; undefined: it is a blob. */
  readonly manifest?: string | undefined
  /**
   * Repositories that it can be read from, by the names clients use: one at least, the first is
   * asked first.
   */
  readonly repositories: readonly string[]
}

/** All that is wanted, each blob once. It may be gone through more than once. */
export type WantedBlobs = Iterable<WantedBlob> & {
  readonly get: (digest: Digest) => WantedBlob | undefined
}

/** What a mirror's bucket lists: blobs and their sizes in bytes. A Map and a DigestMap are one. */
export type Listing = Iterable<[Digest, number]> & {
  readonly size: number
  readonly get: (digest: Digest) => number | undefined
  readonly keys: () => Iterable<Digest>
  readonly values: () => Iterable<number>
}

/** A mirror to be filled: what it lists, and which of the wanted blobs it is to hold. */
export type PlannedMirror = {
  readonly id: string
  readonly listing: Listing
  /** Absent: all of them. */
  readonly wants?: ((digest: Digest) => boolean) | undefined
}

/** A wanted blob that some mirror lacks. */
export type BlobWork = WantedBlob & {
  /** Ids of the mirrors that lack it, or hold something of another size under its name. */
  readonly lacking: readonly string[]
  /** Those of them that hold something else under its name, to be written over. */
  readonly replacing: readonly string[]
  /** Ids of the mirrors that have it. */
  readonly having: readonly string[]
}

/** What a sync has to do, and how much that is. */
export type Plan = {
  /** Largest first, so that no large one is left alone at the end. Made while it is gone through. */
  readonly work: Iterable<BlobWork>
  readonly totals: PlanTotals
  /** What each mirror is to hold, and lacks, by id. */
  readonly mirrors: ReadonlyMap<string, MirrorTotals>
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

/** Blobs and bytes that one mirror is to hold, and those of them that it lacks. */
export type MirrorTotals = {
  readonly wantedBlobs: number
  readonly wantedBytes: number
  readonly lackedBlobs: number
  readonly lackedBytes: number
}

/** S3 takes 5 GiB in one PUT or copy ("Uploading objects"; "Copying objects", S3 user guide). */
export const largestBlobBytes = 5 * 1024 ** 3

/** Subtracts what the mirrors list from what they are to hold. */
export function planSync(wanted: WantedBlobs, mirrors: readonly PlannedMirror[]): Plan {
  const sums = mirrors.map(() => ({ ...noMirrorTotals }))
  const totals = { ...noTotals }
  const lacked = new DigestMap()

  for (const blob of wanted) {
    const { digest, sizeBytes } = blob
    totals.wantedBlobs++
    totals.wantedBytes += sizeBytes
    let lacking = 0
    let having = 0
    mirrors.forEach((mirror, at) => {
      const has = holds(mirror, blob)
      if (has) having++
      if (mirror.wants?.(digest) === false) return
      const sum = sums[at]!
      sum.wantedBlobs++
      sum.wantedBytes += sizeBytes
      if (has) return
      lacking++
      sum.lackedBlobs++
      sum.lackedBytes += sizeBytes
    })
    if (lacking === 0) continue
    lacked.set(digest, sizeBytes)
    totals.writes += lacking
    totals.writtenBytes += lacking * sizeBytes
    if (having > 0) continue
    totals.upstreamReads++
    totals.upstreamBytes += sizeBytes
  }
  return {
    work: { [Symbol.iterator]: () => workOf(wanted, lacked, mirrors) },
    totals,
    mirrors: new Map(mirrors.map(({ id }, at) => [id, sums[at]!])),
  }
}

const noTotals = {
  wantedBlobs: 0,
  wantedBytes: 0,
  upstreamReads: 0,
  upstreamBytes: 0,
  writes: 0,
  writtenBytes: 0,
}
const noMirrorTotals = { wantedBlobs: 0, wantedBytes: 0, lackedBlobs: 0, lackedBytes: 0 }

/** What is there with another size than the descriptor's is another content. */
function holds({ listing }: PlannedMirror, { digest, sizeBytes }: WantedBlob): boolean {
  return listing.get(digest) === sizeBytes
}

function* workOf(
  wanted: WantedBlobs,
  lacked: DigestMap,
  mirrors: readonly PlannedMirror[],
): Generator<BlobWork> {
  const sizes = Float64Array.from(lacked.values())
  const order = Uint32Array.from(sizes, (_, row) => row).toSorted((a, b) => sizes[b]! - sizes[a]!)
  for (const row of order) {
    const blob = wanted.get(lacked.at(row))!
    const having = mirrors.filter((mirror) => holds(mirror, blob))
    const lacking = mirrors.filter(
      (mirror) => !having.includes(mirror) && mirror.wants?.(blob.digest) !== false,
    )
    const replacing = lacking.filter(({ listing }) => listing.get(blob.digest) !== undefined)
    yield { ...blob, lacking: ids(lacking), replacing: ids(replacing), having: ids(having) }
  }
}

function ids(mirrors: readonly PlannedMirror[]): readonly string[] {
  return mirrors.map(({ id }) => id)
}
