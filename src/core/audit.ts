import type { BlobIndex } from './blob-index.ts'
import type { Digest } from './digest.ts'
import type { Listing, WantedBlobs } from './plan.ts'

/** What is wrong with a blob of a mirror, or only to be known. */
export type FindingKind =
  /** It should be there, and is not. */
  | 'missing'
  /** It is there with another size than the manifests give it. */
  | 'wrong-size'
  /** Its bytes are not those of its digest. */
  | 'wrong-bytes'
  /** The index sends clients to it, and it is not there, or not of that size. */
  | 'indexed-not-there'
  /** It is there, and the index does not know. */
  | 'not-indexed'
  /** It is there, and nobody wants it. */
  | 'extra'

/** Whether a finding breaks a pull, or leaves a mirror without what it should have. */
export const isDefect: Readonly<Record<FindingKind, boolean>> = {
  missing: true,
  'wrong-size': true,
  'wrong-bytes': true,
  'indexed-not-there': true,
  'not-indexed': false,
  extra: false,
}

/** One blob that is not as it should be: sizes in bytes. */
export type Finding = {
  readonly kind: FindingKind
  /** Its digest; where only the index knows of it, as much of the hex as that has, and `…`. */
  readonly digest: string
  readonly wantedBytes?: number
  readonly gotBytes?: number
}

export type AuditQuestion = {
  readonly listing: Listing
  /** Every blob the manifests lead to; undefined: they could not all be walked. */
  readonly wanted: WantedBlobs | undefined
  /** Whether the mirror is to hold a wanted blob; absent: all of them. */
  readonly wants?: ((digest: Digest) => boolean) | undefined
  /** The newest index, and the mirror's place in it; undefined: it is in none. */
  readonly indexed: { readonly index: BlobIndex; readonly mirror: number } | undefined
  /** Blobs that are kept out of the index on purpose, and the mirror's own canary. */
  readonly isApart: (digest: Digest) => boolean
}

/** Compares what a mirror lists with what it should hold, and with what the index says of it. */
export function* auditListing(question: AuditQuestion): Generator<Finding> {
  const { listing, wanted, wants, indexed, isApart } = question
  for (const { digest, sizeBytes: wantedBytes } of wanted ?? []) {
    const gotBytes = listing.get(digest)
    if (gotBytes === wantedBytes) continue
    if (gotBytes !== undefined) yield { kind: 'wrong-size', digest, wantedBytes, gotBytes }
    else if (wants?.(digest) !== false) yield { kind: 'missing', digest, wantedBytes }
  }

  const seen = new Uint8Array(indexed?.index.blobs ?? 0)
  for (const [digest, gotBytes] of listing) {
    const row = indexed?.index.find(digest) ?? -1
    if (row >= 0 && indexed!.index.holds(row, indexed!.mirror)) {
      seen[row] = 1
      const wantedBytes = indexed!.index.sizeBytes(row)
      if (wantedBytes !== gotBytes) {
        yield { kind: 'indexed-not-there', digest, wantedBytes, gotBytes }
      }
    } else if (!isApart(digest)) {
      yield { kind: 'not-indexed', digest, gotBytes }
    }
    if (wanted !== undefined && wanted.get(digest) === undefined && !isApart(digest)) {
      yield { kind: 'extra', digest, gotBytes }
    }
  }
  for (let row = 0; row < seen.length; row++) {
    const { index, mirror } = indexed!
    if (seen[row] === 1 || !index.holds(row, mirror)) continue
    const digest = `sha256:${index.hexAt(row)}…`
    yield { kind: 'indexed-not-there', digest, wantedBytes: index.sizeBytes(row) }
  }
}
