import type { Shard } from '../sync/shard.ts'
import { UsageError } from './command.ts'

/**
 * Reads `--shard I/N` and `--run NAME`, which want each other; undefined where neither is there.
 * Throws UsageError.
 */
export function parseShard(shard: string | undefined, run: string | undefined): Shard | undefined {
  if (shard === undefined && run === undefined) return undefined
  if (shard === undefined) throw new UsageError('--run names what shards share: it wants --shard')
  const [, index, of] = (/^(\d{1,4})\/(\d{1,4})$/.exec(shard) ?? []).map(Number)
  if (index === undefined || of === undefined || index >= of) {
    throw new UsageError(
      `--shard wants I/N, where I is from 0 to N - 1, as in 0/4; got ${JSON.stringify(shard)}`,
    )
  }
  if (run === undefined) {
    throw new UsageError('--shard wants --run NAME too: the same for the shards of one run alone')
  }
  // It becomes part of a key in the buckets.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(run)) {
    throw new UsageError(
      `--run wants up to 100 letters, digits, dots and hyphens; got ${JSON.stringify(run)}`,
    )
  }
  return { index, of, run }
}
