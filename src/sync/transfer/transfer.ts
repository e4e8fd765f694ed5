import type { BlobWork } from '../../core/plan.ts'
import type { Distance } from './blob-sources.ts'
import { createBlobSources, storeDistance } from './blob-sources.ts'
import { createBlobState } from './blob-state.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { createLimiter, forEachLimited } from '../concurrency.ts'
import { createCopyWays } from './copy-ways.ts'
import { createMirrorRefusals } from './mirror-refusals.ts'
import type { Ranges, UpstreamReader } from './read-blob.ts'
import { createBlobReader } from './read-blob.ts'
import type { Recorder } from '../recorder.ts'
import type { Spread } from './spread-blob.ts'
import { spreadBlob } from './spread-blob.ts'
import type { Transferred } from './transfer-tally.ts'
import { createTally } from './transfer-tally.ts'

export type { Moved, Transferred } from './transfer-tally.ts'

/** What a transfer needs of the world. */
export type TransferDeps = {
  /** By mirror id, in the order of the configuration. */
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly openUpstream: UpstreamReader
  readonly recorder: Recorder
  /** Blobs at once. */
  readonly concurrency: number
  readonly spread: Spread
  readonly ranges: Ranges
  /** Default: what is in one store is near. */
  readonly distance?: Distance
  readonly stop: AbortSignal
  readonly now: () => number
  /** How long one mirror may hold up the others, in milliseconds. Default: 30 s. */
  readonly stallMs?: number | undefined
  /** Waits before another try of a blob, of which `tries` failed. */
  readonly pause: (tries: number) => Promise<void>
}

/** Copies at once in all: they are the stores' work, and cost little here. */
const leastCopies = 16

/**
 * Brings every blob to the mirrors that lack it: read once, from a mirror that has it or else from
 * the upstream, and spread from there. What fails is a problem by its name, and the rest goes on.
 */
export async function transfer(work: Iterable<BlobWork>, deps: TransferDeps): Promise<Transferred> {
  const { buckets, recorder, concurrency, distance = storeDistance, ranges } = deps
  const tally = createTally([...buckets.keys()])
  const refusals = createMirrorRefusals()
  const read = createBlobReader({
    ...deps,
    onBytes: tally.read,
    onProgress: ({ digest }, bytes) => recorder.step({ step: 'progress', digest, bytes }),
  })
  const limit = createLimiter(Math.max(leastCopies, concurrency))
  const spreading = { ...deps, tally, read, limit, ways: createCopyWays() }
  const noting = { recorder, tally, refusals, rangesFromBytes: ranges.fromBytes }

  await forEachLimited(work, concurrency, async (blob) => {
    if (deps.stop.aborted) return
    const sources = createBlobSources(blob, buckets, distance)
    await spreadBlob(createBlobState(blob, sources, buckets, noting), spreading)
  })
  refusals.report(recorder)
  return tally
}
