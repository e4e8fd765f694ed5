import type { BlobState, Lacking } from './blob-state.ts'
import { mayPass, mostTries } from './blob-state.ts'
import type { Bucket } from '../bucket/bucket.ts'
import type { Limiter } from '../concurrency.ts'
import { forEachLimited } from '../concurrency.ts'
import type { CopyWays } from './copy-ways.ts'
import { mostFailedCopies } from './copy-ways.ts'
import type { Tally } from './transfer-tally.ts'

export type CopyDeps = {
  readonly ways: CopyWays
  /** Holds all copies of the run. */
  readonly limit: Limiter
  readonly tally: Tally
  readonly stop: AbortSignal
  readonly now: () => number
  readonly pause: (tries: number) => Promise<void>
}

/** Copies of one blob at once. */
const copiesAtOnce = 4

/**
 * Copies a blob to every mirror that has one in its store to copy from; whether there was any to
 * try. A mirror that it fails for is one for the bytes.
 */
export async function copyInside(state: BlobState, deps: CopyDeps): Promise<boolean> {
  const { ways, limit, stop } = deps
  const copies: (readonly [from: Bucket, to: Lacking])[] = []
  for (const to of state.lacking.values()) {
    if (!to.mayCopy) continue
    const isOpen = (from: Bucket) => ways.isOpen(from, to.bucket)
    const from = await state.sources.toCopyFrom(to.bucket, isOpen)
    if (from !== undefined) copies.push([from, to])
  }
  await forEachLimited(copies, copiesAtOnce, ([from, to]) => limit(() => copy(from, to)))
  return copies.length > 0

  async function copy(from: Bucket, to: Lacking): Promise<void> {
    const { digest, sizeBytes, manifest } = state.blob
    for (let tries = to.failures; ; tries++) {
      if (tries > 0) await deps.pause(tries)
      // Others may have found out meanwhile that nothing comes of it.
      if (stop.aborted || !ways.isOpen(from, to.bucket)) return
      const startMs = deps.now()
      deps.tally.asked(to.id, 'copies')
      try {
        await to.bucket.copyBlob(digest, sizeBytes, from, { contentType: manifest })
        ways.worked(from, to.bucket)
        const durationMs = deps.now() - startMs
        return state.arrived(to, { how: 'copied', from: from.mirror.id, durationMs })
      } catch (error) {
        if (stop.aborted) return
        if (mayPass(error)) state.noteRetry(to.id, (error as Error).message)
        if (mayPass(error) && tries + 1 < mostTries) continue
        // A store that may not, or cannot, copy between these two: the bytes go through here.
        to.mayCopy = false
        if (ways.failed(from, to.bucket)) {
          const failed = `${mostFailedCopies} copies in a row from ${from.mirror.id} failed`
          state.noteRetry(to.id, `${failed}: no more are tried, and the bytes go through here`)
        }
        return
      }
    }
  }
}
