import type { R2Bucket } from '@cloudflare/workers-types'
import type { Config } from '../../config.ts'
import { decideRanges } from '../../ranges/decide.ts'
import type { RangesKeeper } from '../../ranges/keeper.ts'
import { createRangesKeeper } from '../../ranges/keeper.ts'
import { mergeTables } from '../../ranges/newest.ts'
import { crc32 } from '../crc32.ts'

/** Where the last good table is in a bucket. */
export const bucketTableName = 'nearport/ranges.bin'

/**
 * Keeps ranges on Workers. All isolates `restore` what one of them has left in the bucket; the sources
 * are asked by `refreshDue`, which is for the `scheduled` handler alone: a new document takes half a
 * second of the isolate's time. An isolate knows nothing of others' looks, so whenever it is called
 * first, all sources are due. Throws an Error where the table that comes with nearport is damaged.
 */
export function createBucketRanges(
  { sources, refreshSeconds, ...limits }: Config['ranges'],
  bundled: Uint8Array,
  bucket: Pick<R2Bucket, 'get' | 'put'> | undefined,
): RangesKeeper {
  return createRangesKeeper({
    bundled,
    // Without a place for what comes of it, each isolate would ask for itself.
    sources: bucket === undefined ? {} : sources,
    refreshMs: refreshSeconds * 1000,
    firstLookMs: 0,
    limits,
    // workerd's own refuses to be called as a method of anything.
    fetch: (input, init) => fetch(input, init),
    async load() {
      const object = (await bucket?.get(bucketTableName)) ?? undefined
      return object && new Uint8Array(await object.arrayBuffer())
    },
    async save(table) {
      await bucket?.put(bucketTableName, table)
    },
    decide: (task) => decideRanges(task, crc32),
    merge: (one, other) => Promise.resolve(mergeTables(one, other, crc32)),
    crc32,
    now: Date.now,
    random: Math.random,
  })
}
