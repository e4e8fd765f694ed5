import type { Digest } from '../../core/digest.ts'

/** Some blobs that clients were lately sent to one mirror for. */
export type SentBlobs = {
  readonly add: (digest: Digest) => void
  readonly remove: (digest: Digest) => void
  readonly all: () => readonly Digest[]
}

/**
 * Creates the memory of one mirror, for 16 blobs: one for each last digit of their digests, so that
 * they are all different however often one is asked for, and adding is writing to an array.
 */
export function createSentBlobs(): SentBlobs {
  const blobs = Array.from({ length: 16 }, (): Digest | undefined => undefined)
  return {
    add(digest) {
      blobs[placeOf(digest)] = digest
    },
    remove(digest) {
      const place = placeOf(digest)
      if (blobs[place] === digest) blobs[place] = undefined
    },
    all: () => blobs.filter((digest) => digest !== undefined),
  }
}

/** The number of a digest's last digit. */
function placeOf(digest: Digest): number {
  const code = digest.charCodeAt(digest.length - 1)
  return code < 0x61 ? code & 15 : (code & 15) + 9
}
