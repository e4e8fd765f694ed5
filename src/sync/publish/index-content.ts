import { createHash } from 'node:crypto'
import { hashedPart } from '../../core/blob-index.ts'
import type { IndexRow } from '../../core/blob-index-writer.ts'
import { sealIndex, writeIndex } from '../../core/blob-index-writer.ts'
import type { Digest } from '../../core/digest.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { Listing } from '../../core/plan.ts'

/** A mirror that may be sent clients, and what it holds. */
export type GoodMirror = {
  readonly mirror: Mirror
  readonly listing: Listing
  /** Blobs it lists whose bytes were seen to be wrong. */
  readonly spoiled: ReadonlySet<Digest>
}

/** An index but for its generation. */
export type IndexContents = {
  readonly rows: readonly IndexRow[]
  readonly mirrors: readonly GoodMirror[]
  /** Blobs left out since the mirrors list several sizes, and no manifest says which is right. */
  readonly ambiguous: readonly Digest[]
}

/**
 * What to publish: everything the mirrors list, but what is of another size than the manifests say,
 * and what was seen to be wrong.
 */
export function indexContents(
  mirrors: readonly GoodMirror[],
  knownBytes: (digest: Digest) => number | undefined,
): IndexContents {
  const rows = new Map<Digest, { digest: Digest; sizeBytes: number; mirrors: number[] }>()
  const ambiguous = new Set<Digest>()
  mirrors.forEach(({ listing, spoiled }, place) => {
    for (const [digest, listed] of listing) {
      if (spoiled.has(digest)) continue
      const row = rows.get(digest)
      const wanted = knownBytes(digest) ?? row?.sizeBytes ?? listed
      if (listed === wanted) {
        if (row === undefined) rows.set(digest, { digest, sizeBytes: listed, mirrors: [place] })
        else row.mirrors.push(place)
      } else if (knownBytes(digest) === undefined) {
        ambiguous.add(digest)
      }
    }
  })
  for (const digest of ambiguous) rows.delete(digest)
  return { rows: [...rows.values()], mirrors, ambiguous: [...ambiguous] }
}

/** The file of one generation, whole and sealed. */
export function indexFile({ rows, mirrors }: IndexContents, generation: number): Uint8Array {
  const bytes = writeIndex({
    generation,
    rows,
    mirrors: mirrors.map(({ mirror }) => ({
      id: mirror.id,
      url: `${mirror.publicUrl}/${mirror.keys.text}`,
    })),
  })
  return sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
}
