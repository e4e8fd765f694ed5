import type { Bucket } from '../bucket/bucket.ts'

/** Between which mirrors of a store copies work. */
export type CopyWays = {
  readonly isOpen: (from: Bucket, to: Bucket) => boolean
  readonly worked: (from: Bucket, to: Bucket) => void
  /** Whether this was the failure that closed the way. */
  readonly failed: (from: Bucket, to: Bucket) => boolean
}

/**
 * So many copies that fail in a row, each after its tries, and there is no copying that way for the
 * rest of the run: not every blob is to pay for what a store cannot do.
 */
export const mostFailedCopies = 5

/** Creates the memory of one run. */
export function createCopyWays(): CopyWays {
  const failures = new Map<string, number>()
  return {
    isOpen: (from, to) => (failures.get(nameOf(from, to)) ?? 0) < mostFailedCopies,
    worked(from, to) {
      failures.delete(nameOf(from, to))
    },
    failed(from, to) {
      const count = (failures.get(nameOf(from, to)) ?? 0) + 1
      failures.set(nameOf(from, to), count)
      return count === mostFailedCopies
    },
  }
}

function nameOf(from: Bucket, to: Bucket): string {
  return `${from.mirror.id} ${to.mirror.id}`
}
