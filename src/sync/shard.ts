import { createHash } from 'node:crypto'
import type { ShardOf } from './walk/ledger-store.ts'

/** One of several runs that share the repositories among them. */
export type Shard = ShardOf & {
  /** What all the shards of one run are called, and no other run. */
  readonly run: string
}

/** A run that has all repositories to itself. */
export const wholeRun: ShardOf = { index: 0, of: 1 }

/** Whether a repository is this shard's: by its name alone, so that each has one, and the same. */
export function isInShard(repository: string, { index, of }: ShardOf): boolean {
  return createHash('sha256').update(repository).digest().readUInt32BE(0) % of === index
}
