import { createHash } from 'node:crypto'
import { hashedPart } from '../../core/blob-index.ts'
import { sealIndex, writeIndexOf } from '../../core/blob-index-writer.ts'
import type { Digest } from '../../core/digest.ts'
import type { IndexBody } from '../../core/index-rows.ts'
import { IndexRows } from '../../core/index-rows.ts'
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
  readonly body: IndexBody
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
  const rows = new IndexRows(mirrors.length)
  const ambiguous = new Set<Digest>()
  mirrors.forEach(({ listing, spoiled }, place) => {
    for (const [digest, listed] of listing) {
      if (spoiled.size > 0 && spoiled.has(digest)) continue
      const row = rows.rowOf(digest)
      // What another mirror holds already is of the size that the manifests say.
      const wanted = rows.sizeBytes(row) ?? knownBytes(digest) ?? listed
      if (listed === wanted) rows.hold(row, listed, place)
      else if (knownBytes(digest) === undefined) ambiguous.add(digest)
    }
  })
  for (const digest of ambiguous) rows.leaveOut(rows.rowOf(digest))
  return { body: rows.columns(), mirrors, ambiguous: [...ambiguous] }
}

/** The file of one generation, whole and sealed. */
export function indexFile({ body, mirrors }: IndexContents, generation: number): Uint8Array {
  const named = mirrors.map(({ mirror }) => ({
    id: mirror.id,
    url: `${mirror.publicUrl}/${mirror.keys.text}`,
  }))
  const bytes = writeIndexOf(generation, named, body)
  return sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
}
