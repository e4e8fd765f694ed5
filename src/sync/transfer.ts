import type { Digest } from '../core/digest.ts'
import type { BlobWork } from '../core/plan.ts'
import { createBlobSources } from './blob-sources.ts'
import type { Bucket } from './bucket.ts'
import { bringBlob } from './bring-blob.ts'
import { forEachLimited } from './concurrency.ts'
import type { UpstreamReader } from './read-blob.ts'
import { createBlobReader } from './read-blob.ts'
import type { Recorder } from './recorder.ts'

/** What a transfer needs of the world. */
export type TransferDeps = {
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly openUpstream: UpstreamReader
  readonly recorder: Recorder
  readonly concurrency: number
  readonly stop: AbortSignal
  readonly now: () => number
  /** Waits before another try of a blob, of which `tries` failed. */
  readonly pause: (tries: number) => Promise<void>
}

/** Blobs that arrived, and their bytes. */
export type Moved = { readonly blobs: number; readonly bytes: number }

/** What was moved, by mirror id, and what was seen on the way. */
export type Transferred = {
  /** From the upstream. */
  readonly uploaded: ReadonlyMap<string, Moved>
  /** From another mirror. */
  readonly copied: ReadonlyMap<string, Moved>
  /** Read from upstreams, wrong bytes too. */
  readonly upstreamBytes: number
  /** Blobs of which a mirror was seen to hold wrong bytes that could not be written over. */
  readonly spoiled: ReadonlyMap<string, ReadonlySet<Digest>>
}

/** A mirror that refuses so many writes in a row is left alone for the rest of the run. */
const mostRefusals = 5

/**
 * Brings every blob to the mirrors that lack it: read once, from a mirror that has it or else from
 * the upstream, and copied from there inside the store where that can be done. What fails is a
 * problem by its name, and the rest goes on.
 */
export async function transfer(
  work: readonly BlobWork[],
  deps: TransferDeps,
): Promise<Transferred> {
  const { buckets, recorder, stop } = deps
  const ids = [...buckets.keys()]
  const uploaded = new Map(ids.map((id) => [id, { blobs: 0, bytes: 0 }]))
  const copied = new Map(ids.map((id) => [id, { blobs: 0, bytes: 0 }]))
  const spoiled = new Map(ids.map((id) => [id, new Set<Digest>()]))
  const refusals = new Map<string, number>()
  const notTried = new Map<string, number>()
  const reader = createBlobReader(deps.openUpstream)

  await forEachLimited(work, deps.concurrency, spread)
  for (const [id, count] of notTried) {
    recorder.problem(id, `${mostRefusals} writes in a row failed: ${count} more were not tried`)
  }
  return { uploaded, copied, upstreamBytes: reader.upstreamBytes(), spoiled }

  /** One blob to every mirror that lacks it. */
  async function spread(blob: BlobWork): Promise<void> {
    const sources = createBlobSources(blob, buckets)
    // It grows on the way: a mirror with wrong bytes lacks the blob.
    const lacking = blob.lacking.map((id) => buckets.get(id)!)
    // Written over, and still no source: a store that spoils what it is given would keep us here
    // for ever.
    const distrusted = new Set<Bucket>()
    const onSpoiled = (holder: Bucket) => {
      spoiled.get(holder.mirror.id)!.add(blob.digest)
      distrusted.add(holder)
      lacking.push(holder)
    }
    for (let to = lacking.shift(); to !== undefined; to = lacking.shift()) {
      if (stop.aborted) return
      const { id } = to.mirror
      if ((refusals.get(id) ?? 0) >= mostRefusals) {
        notTried.set(id, (notTried.get(id) ?? 0) + 1)
        continue
      }
      const outcome = await bringBlob(blob, to, { ...deps, reader, sources, onSpoiled })
      if (outcome === 'no source') return
      if (outcome === 'refused') {
        refusals.set(id, (refusals.get(id) ?? 0) + 1)
        continue
      }
      refusals.set(id, 0)
      spoiled.get(id)!.delete(blob.digest)
      const counts = (outcome === 'uploaded' ? uploaded : copied).get(id)!
      counts.blobs++
      counts.bytes += blob.sizeBytes
      if (!distrusted.has(to)) sources.prove(to)
    }
  }
}
