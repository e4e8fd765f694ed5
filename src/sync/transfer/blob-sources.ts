import type { BlobWork } from '../../core/plan.ts'
import type { Bucket } from '../bucket/bucket.ts'
import type { BlobSource } from './read-blob.ts'

/** How far one mirror is from another; less is nearer. */
export type Distance = (from: Bucket, to: Bucket) => number

/** Where one blob may be had. It changes on the way. */
export type BlobSources = {
  /** A mirror from which it may be copied inside the store of another. */
  readonly toCopyFrom: (
    to: Bucket,
    mayCopy: (from: Bucket) => boolean,
  ) => Promise<Bucket | undefined>
  /** The best to read it from: the nearest mirror that has it, or else the upstream. */
  readonly toReadFrom: (to: Bucket) => BlobSource | undefined
  readonly has: (source: BlobSource) => boolean
  /** Notes that a mirror holds it, whatever it holds. */
  readonly add: (holder: Bucket) => void
  /** Notes that a mirror holds it, and that its bytes are right. */
  readonly prove: (holder: Bucket) => void
  /** Takes one away; whether any is left. */
  readonly drop: (source: BlobSource) => boolean
}

/**
 * Creates the sources of one blob. What a bucket lists says how long an object is, and no more: it
 * is copied only from a mirror that this run wrote or read to the end, or whose store shows the
 * right SHA-256, lest wrong bytes spread.
 */
export function createBlobSources(
  { digest, repositories, having }: BlobWork,
  buckets: ReadonlyMap<string, Bucket>,
  distance: Distance,
): BlobSources {
  const order = [...buckets.values()]
  const holders = new Set(having.map((id) => buckets.get(id)!))
  const proven = new Set<Bucket>()
  const asked = new Map<Bucket, Promise<boolean>>()
  const places = [...repositories]

  return {
    async toCopyFrom(to, mayCopy) {
      const near = nearestTo(to).filter((from) => from.store === to.store && mayCopy(from))
      // One of them is asked, not all: to read one is cheaper than to ask a dozen.
      const from = near.find((each) => proven.has(each)) ?? near[0]
      return from !== undefined && (await isProven(from)) ? from : undefined
    },
    toReadFrom(to) {
      const [bucket] = nearestTo(to)
      if (bucket !== undefined) return { kind: 'mirror', bucket }
      const [repository] = places
      return repository === undefined ? undefined : { kind: 'upstream', repository }
    },
    has(source) {
      if (source.kind === 'mirror') return holders.has(source.bucket)
      return places.includes(source.repository)
    },
    add(holder) {
      holders.add(holder)
    },
    prove(holder) {
      holders.add(holder)
      proven.add(holder)
    },
    drop(source) {
      if (source.kind === 'upstream') places.splice(places.indexOf(source.repository), 1)
      else {
        holders.delete(source.bucket)
        proven.delete(source.bucket)
      }
      return holders.size + places.length > 0
    },
  }

  /** Those that hold it; of two as near, a proven one first, and then as they are configured. */
  function nearestTo(to: Bucket): readonly Bucket[] {
    return order
      .filter((each) => holders.has(each))
      .toSorted((a, b) => distance(a, to) - distance(b, to) || doubtOf(a) - doubtOf(b))
  }

  function doubtOf(holder: Bucket): number {
    return proven.has(holder) ? 0 : 1
  }

  async function isProven(holder: Bucket): Promise<boolean> {
    if (proven.has(holder)) return true
    // Not to know is no failure: the bytes are read, then.
    const answer = asked.get(holder) ?? holder.vouchesFor(digest).catch(() => false)
    asked.set(holder, answer)
    if (!(await answer) || !holders.has(holder)) return proven.has(holder)
    proven.add(holder)
    return true
  }
}

/** What is in one store is near. */
export function storeDistance(from: Bucket, to: Bucket): number {
  return from.store === to.store ? 0 : 1
}
