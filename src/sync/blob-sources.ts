import type { BlobWork } from '../core/plan.ts'
import type { Bucket } from './bucket.ts'
import type { BlobSource } from './read-blob.ts'

/** A way to bring a blob to a mirror: its bytes through here, or a copy inside the store. */
export type BlobWay = BlobSource | { readonly kind: 'copy'; readonly bucket: Bucket }

/** Where one blob may be had. It changes on the way. */
export type BlobSources = {
  /** The best way to bring the blob to a mirror. */
  readonly choose: (to: Bucket, mayCopy: boolean) => Promise<BlobWay>
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
): BlobSources {
  const holders = new Set(having.map((id) => buckets.get(id)!))
  const proven = new Set<Bucket>()
  const asked = new Set<Bucket>()
  const places = [...repositories]

  return {
    async choose(to, mayCopy) {
      const near = [...holders].filter(({ store }) => store === to.store)
      const nearest = near.find((each) => proven.has(each)) ?? near[0]
      if (mayCopy && nearest !== undefined && (await isProven(nearest))) {
        return { kind: 'copy', bucket: nearest }
      }
      const bucket = nearest ?? [...holders][0]
      if (bucket !== undefined) return { kind: 'mirror', bucket }
      return { kind: 'upstream', repository: places[0]! }
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

  async function isProven(holder: Bucket): Promise<boolean> {
    if (!proven.has(holder) && !asked.has(holder)) {
      asked.add(holder)
      // Not to know is no failure: the bytes are read, then.
      if (await holder.vouchesFor(digest).catch(() => false)) proven.add(holder)
    }
    return proven.has(holder)
  }
}
