import type { Digest } from '../core/digest.ts'
import type { Listing, PlannedMirror } from '../core/plan.ts'
import { fillMirrors } from './fill-mirrors.ts'
import type { Session } from './session.ts'
import type { Survey } from './survey.ts'
import { isWanted } from './withheld.ts'

/** The size of what is not what its name says: no blob has it, so that it is written over. */
const spoiledBytes = -1

/**
 * Mends the mirrors: what is missing, of a wrong size or wrong is brought again, wrong bytes that
 * nobody wants are deleted, and the index is published anew. Returns what is still wrong, by mirror
 * id. What fails is a problem.
 */
export async function repair(
  session: Session,
  surveyed: Survey,
  wrong: ReadonlyMap<string, readonly Digest[]>,
): Promise<ReadonlyMap<string, readonly Digest[]>> {
  const wrongIn = new Map([...wrong].map(([id, digests]) => [id, new Set(digests)]))
  const kept: (readonly [string, Digest])[] = []
  const open = await Promise.all(
    surveyed.open.map(async (each) => {
      const gone = await removeUnwanted(each.id)
      return { ...each, listing: without(each.listing, gone) }
    }),
  )
  const mirrors = surveyed.mirrors.map((each): PlannedMirror => {
    const { listing } = open.find(({ id }) => id === each.id)!
    return { ...each, listing: doubting(listing, wrongIn.get(each.id) ?? new Set()) }
  })
  const filled = await fillMirrors(session, { ...surveyed, open, mirrors }, { dryRun: false })
  const left = new Map<string, readonly Digest[]>()
  for (const { id } of open) {
    const unwanted = kept.filter(([mirror]) => mirror === id).map(([, digest]) => digest)
    left.set(id, [...(filled.moved.spoiled.get(id) ?? []), ...unwanted])
  }
  return left

  /** Wrong bytes are of no use to anyone, and another run would index them by their size. */
  async function removeUnwanted(id: string): Promise<ReadonlySet<Digest>> {
    const { bucket } = surveyed.open.find((each) => each.id === id)!
    const mirror = surveyed.mirrors.find((each) => each.id === id)!
    const unwanted = (wrong.get(id) ?? []).filter(
      (digest) => !isWanted(mirror, surveyed.blobs, digest),
    )
    if (unwanted.length === 0) return new Set()
    const { removed, failed } = await bucket.removeBlobs(unwanted)
    for (const [digest, error] of failed) {
      session.recorder.problem(`${id} ${digest}`, error)
      kept.push([id, digest])
    }
    return new Set(removed)
  }
}

/** A listing in which some blobs have another size. */
function doubting(listing: Listing, doubted: ReadonlySet<Digest>): Listing {
  return {
    size: listing.size,
    get: (digest) => (doubted.has(digest) ? spoiledBytes : listing.get(digest)),
    keys: () => listing.keys(),
    values: () => listing.values(),
    [Symbol.iterator]: () => listing[Symbol.iterator](),
  }
}

/** A listing that lacks some of the blobs. */
function without(listing: Listing, gone: ReadonlySet<Digest>): Listing {
  if (gone.size === 0) return listing
  return new Map([...listing].filter(([digest]) => !gone.has(digest)))
}
