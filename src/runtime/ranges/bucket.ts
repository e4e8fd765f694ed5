import type { R2Bucket } from '@cloudflare/workers-types'
import type { Config } from '../../config.ts'
import type { RangesEvent } from '../../core/event.ts'
import { decideRanges } from '../../ranges/decide.ts'
import type { RangesKeeper } from '../../ranges/keeper.ts'
import { createRangesKeeper } from '../../ranges/keeper.ts'
import { mergeTables, newerOf } from '../../ranges/newest.ts'
import { crc32 } from '../crc32.ts'

/** Where the last good table is in a bucket. */
export const bucketTableName = 'nearport/ranges.bin'

/** How often is for the cron to say: an isolate that is asked again within this asks nobody. */
const leastBetweenMs = 3_600_000

/**
 * Keeps ranges on Workers. All isolates `restore` what one of them has left in the bucket; the sources
 * are asked by `refreshDue`, which is for the `scheduled` handler alone: a new document takes half a
 * second of the isolate's time. An isolate knows nothing of others' looks, so whenever it is called
 * first, all sources are due; without a bucket it asks nobody, as each isolate would for itself. Which
 * bucket it is may be known later than this is made. Throws an Error where the table that comes with
 * nearport is damaged.
 */
export function createBucketRanges(
  { sources, refreshSeconds, ...limits }: Config['ranges'],
  bundled: Uint8Array,
  bucket: () => Pick<R2Bucket, 'get' | 'put'> | undefined,
): RangesKeeper {
  let kept: Uint8Array | undefined
  let merged: Uint8Array | undefined
  const save = async (table: Uint8Array) => {
    await bucket()?.put(bucketTableName, table)
    kept = table
  }
  const keeper = createRangesKeeper({
    bundled,
    sources,
    refreshMs: refreshSeconds === 0 ? 0 : leastBetweenMs,
    firstLookMs: 0,
    limits,
    // workerd's own refuses to be called as a method of anything.
    fetch: (input, init) => fetch(input, init),
    async load() {
      const object = (await bucket()?.get(bucketTableName)) ?? undefined
      kept = object && new Uint8Array(await object.arrayBuffer())
      return kept
    },
    save,
    decide: (task) => decideRanges(task, crc32),
    merge(one, other) {
      merged = mergeTables(one, other, crc32)
      return Promise.resolve(merged)
    },
    crc32,
    now: Date.now,
    random: Math.random,
  })
  return {
    ...keeper,
    async refreshDue() {
      if (bucket() === undefined) return []
      return [...(await keeper.refreshDue()), ...(await saveMerged())]
    },
  }

  /** Of a copy that is newer than the deployed table in parts, each isolate would make the same again. */
  async function saveMerged(): Promise<readonly RangesEvent[]> {
    try {
      const isNewer = merged && kept && newerOf(kept, merged, crc32) === 'other'
      if (isNewer) await save(merged!)
      return []
    } catch (error) {
      const problems = [`the kept copy: ${(error as Error).message}`]
      return [{ event: 'ranges', timeMs: Date.now(), outcome: 'failed', problems }]
    }
  }
}
