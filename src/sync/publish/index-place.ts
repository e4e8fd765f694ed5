import { indexPointerName, mirrorIndexPrefix } from '../../core/index-pointer.ts'
import type { Bucket, PutOptions } from '../bucket/bucket.ts'
import { immutable } from '../bucket/bucket.ts'
import { BucketError } from '../bucket/bucket-error.ts'

/**
 * A place that an index is published to: a mirror, or a folder. Names are those after its prefix.
 */
export type IndexPlace = {
  /** What messages call it. */
  readonly name: string
  readonly prefix: string
  /** The bytes, and which version of them these are. */
  readonly read: (name: string) => Promise<Versioned | undefined>
  /**
   * Appears whole or not at all. False: the condition did not hold, and nothing was written. A
   * place that knows no conditions takes them all for met.
   */
  readonly write: (name: string, bytes: Uint8Array, condition: Condition) => Promise<boolean>
  /** Names and sizes in bytes. */
  readonly list: () => Promise<ReadonlyMap<string, number>>
  readonly remove: (name: string) => Promise<void>
  /** Removes what a run that was killed before then left half-written. */
  readonly tidy: (beforeMs: number) => Promise<void>
}

/** What a place holds under a name; `version` is undefined where the place tells none. */
export type Versioned = { readonly bytes: Uint8Array; readonly version: string | undefined }

/** What must be so for a write to be done: nothing is there, or that version alone. */
export type Condition = 'any' | 'absent' | { readonly version: string | undefined }

/** Whether the place has these very bytes under that name now; false: others have taken it. */
export async function takeName(
  place: IndexPlace,
  name: string,
  bytes: Uint8Array,
): Promise<boolean> {
  if (await place.write(name, bytes, 'absent')) return true
  // A write that was tried again may find itself.
  const there = await place.read(name)
  return there !== undefined && Buffer.compare(there.bytes, bytes) === 0
}

/** A mirror as a place for the index. */
export function bucketPlace(bucket: Bucket): IndexPlace {
  const prefix = mirrorIndexPrefix
  return {
    name: bucket.mirror.id,
    prefix,
    async read(name) {
      const there = await bucket.getVersioned(prefix + name)
      return there && { bytes: there.bytes, version: there.etag }
    },
    async write(name, bytes, condition) {
      const how =
        name === indexPointerName
          ? { contentType: 'application/json', cacheControl: 'no-cache' }
          : { contentType: 'application/octet-stream', cacheControl: immutable }
      try {
        await bucket.put(prefix + name, bytes, { ...how, ...conditionOf(condition) })
      } catch (error) {
        if (!(error instanceof BucketError) || condition === 'any') throw error
        // 404: what was to be written over is gone.
        if ([404, 409, 412].includes(error.status!)) return false
        // Some stores have no conditional PUT.
        if (error.status !== 501) throw error
        await bucket.put(prefix + name, bytes, how)
      }
      return true
    },
    async list() {
      const keys = await bucket.listKeys(prefix)
      return new Map([...keys].map(([key, bytes]) => [key.slice(prefix.length), bytes]))
    },
    remove: (name) => bucket.remove(prefix + name),
    // A PUT that was cut off leaves nothing.
    tidy: async () => {},
  }
}

function conditionOf(condition: Condition): Pick<PutOptions, 'onlyIfAbsent' | 'ifMatch'> {
  if (condition === 'any') return {}
  return condition === 'absent' ? { onlyIfAbsent: true } : { ifMatch: condition.version }
}
