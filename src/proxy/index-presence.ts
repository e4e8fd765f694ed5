import type { BlobIndex } from '../core/blob-index.ts'
import type { Presence } from '../core/policy.ts'
import type { Mirror } from '../core/mirror.ts'

/**
 * An index as our configuration reads it: what the mirrors hold, and the ids of those that it does
 * not name.
 */
export type ReadIndex = {
  readonly presence: Presence
  readonly unnamed: readonly string[]
  /** The bytes of all blobs that it names, each once. */
  readonly heldBytes: () => number
}

/**
 * Reads an index for the mirrors of our configuration. A mirror counts only where the index names
 * it with the very URL that we would send clients to: one that moved, or another deployment's of
 * the same id, holds nothing for us.
 */
export function readIndexFor(index: BlobIndex, mirrors: readonly Mirror[]): ReadIndex {
  const places = new Map<Mirror, number>()
  for (const mirror of mirrors) {
    const url = `${mirror.publicUrl}/${mirror.keys.text}`
    const place = index.mirrors.findIndex((each) => each.id === mirror.id && each.url === url)
    if (place !== -1) places.set(mirror, place)
  }
  const ours = [...places.values()]

  const presence: Presence = {
    holds(mirror, digest) {
      const row = index.find(digest)
      // What none holds is asked of each mirror that may serve the client.
      if (row === -1) return 'absent'
      const place = places.get(mirror)
      return place !== undefined && index.holds(row, place) ? 'present' : 'absent'
    },
    sizeBytes(digest) {
      const row = index.find(digest)
      // A blob that none of ours holds is the upstream's to tell of.
      const held = row !== -1 && ours.some((place) => index.holds(row, place))
      return held ? index.sizeBytes(row) : undefined
    },
  }
  let heldBytes: number | undefined
  return {
    presence,
    heldBytes: () => (heldBytes ??= sumSizes(index)),
    unnamed: mirrors.filter((each) => !places.has(each)).map(({ id }) => id),
  }
}

function sumSizes(index: BlobIndex): number {
  let sum = 0
  for (let row = 0; row < index.blobs; row++) sum += index.sizeBytes(row)
  return sum
}
