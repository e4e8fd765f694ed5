import type { Digest } from '../core/digest.ts'
import type { BlobWork } from '../core/plan.ts'
import type { Bucket } from './bucket.ts'
import { forEachLimited } from './concurrency.ts'
import type { Recorder } from './recorder.ts'
import type { UpstreamReader } from './read-blob.ts'
import { createBlobReader } from './read-blob.ts'
import { ContentError } from './verified.ts'

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
  /** From the upstream, or made here. */
  readonly uploaded: ReadonlyMap<string, Moved>
  /** From another mirror. */
  readonly copied: ReadonlyMap<string, Moved>
  /** Read from upstreams, wrong bytes too. */
  readonly upstreamBytes: number
  /** Blobs of which a mirror was seen to hold wrong bytes that could not be written over. */
  readonly spoiled: ReadonlyMap<string, ReadonlySet<Digest>>
}

const tries = 3
/** A mirror that refuses so many writes in a row is left alone for the rest of the run. */
const mostRefusals = 5

/**
 * Brings every blob to the mirrors that lack it: read once, from a mirror that has it or else from the upstream, and
 * copied from there inside the store where that can be done. What fails is a problem by its name, and the rest goes on.
 */
export async function transfer(
  work: readonly BlobWork[],
  deps: TransferDeps,
): Promise<Transferred> {
  const { buckets, recorder, stop, now } = deps
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
    // Both change on the way: a mirror written to is a source for the next, one with wrong bytes lacks the blob.
    const having = blob.having.map((id) => buckets.get(id)!)
    const lacking = blob.lacking.map((id) => buckets.get(id)!)
    // Written over, and still no source: a store that spoils what it is given would keep us here for ever.
    const distrusted = new Set<Bucket>()
    for (let to = lacking.shift(); to !== undefined; to = lacking.shift()) {
      if (stop.aborted) return
      const { id } = to.mirror
      if ((refusals.get(id) ?? 0) >= mostRefusals) {
        notTried.set(id, (notTried.get(id) ?? 0) + 1)
        continue
      }
      const outcome = await bring(blob, to, having, (spoiler) => {
        distrusted.add(spoiler)
        lacking.push(spoiler)
      })
      if (outcome === 'no source') return
      if (outcome === 'written' && !distrusted.has(to)) having.push(to)
    }
  }

  /** One blob to one mirror, by the best way there is, and then by the others. */
  async function bring(
    blob: BlobWork,
    to: Bucket,
    having: Bucket[],
    onWrong: (holder: Bucket) => void,
  ): Promise<'written' | 'refused' | 'no source'> {
    const { id } = to.mirror
    let mayCopy = true
    for (let attempt = 1; ; attempt++) {
      const from = having.find(({ store }) => store === to.store) ?? having[0]
      const copies = mayCopy && from?.store === to.store
      const startMs = now()
      try {
        if (copies) await to.copyBlob(blob.digest, from)
        else await to.putBlob(blob.digest, blob.sizeBytes, await reader.open(blob, from))
        noteWritten(blob, id, from, now() - startMs)
        return 'written'
      } catch (error) {
        if (stop.aborted) return 'refused'
        if (isRetryable(error) && attempt < tries) {
          recorder.step({ step: 'retried', mirror: id, digest: blob.digest, why: messageOf(error) })
          await deps.pause(attempt)
        } else if (copies && !isRetryable(error)) {
          // A store that may not, or cannot, copy between these two: the bytes go through here.
          mayCopy = false
          attempt = 0
        } else if (!reader.isSourceError(error)) {
          recorder.problem(`${id} ${nameOf(blob)}`, error)
          refusals.set(id, (refusals.get(id) ?? 0) + 1)
          return 'refused'
        } else if (from === undefined) {
          recorder.problem(nameOf(blob), error)
          return 'no source'
        } else {
          recorder.problem(`${from.mirror.id} ${nameOf(blob)}`, error)
          having.splice(having.indexOf(from), 1)
          if (error instanceof ContentError && error.kind === 'wrong') {
            spoiled.get(from.mirror.id)!.add(blob.digest)
            onWrong(from)
          }
          attempt = 0
        }
      }
    }
  }

  function noteWritten(
    blob: BlobWork,
    id: string,
    from: Bucket | undefined,
    durationMs: number,
  ): void {
    const counts = (from === undefined ? uploaded : copied).get(id)!
    counts.blobs++
    counts.bytes += blob.sizeBytes
    refusals.set(id, 0)
    spoiled.get(id)!.delete(blob.digest)
    recorder.step({
      step: 'written',
      how: from === undefined ? 'uploaded' : 'copied',
      mirror: id,
      digest: blob.digest,
      sizeBytes: blob.sizeBytes,
      from: from?.mirror.id ?? (blob.repository === undefined ? 'nearport' : 'upstream'),
      durationMs,
    })
  }
}

function nameOf({ repository, digest }: BlobWork): string {
  return repository === undefined ? digest : `${repository}@${digest}`
}

function isRetryable(error: unknown): boolean {
  return (error as { readonly retryable?: boolean }).retryable === true
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
