import { randomInt } from 'node:crypto'
import { finished } from 'node:stream/promises'
import type { Digest } from '../core/digest.ts'
import type { Listing } from '../core/plan.ts'
import { forEachLimited } from './concurrency.ts'
import { ContentError } from './transfer/content-error.ts'
import type { Bucket } from './bucket/bucket.ts'
import type { Recorder } from './recorder.ts'
import { verified } from './transfer/verified.ts'

/** How the contents of a mirror's blobs were proven. Counts, and the digests that are wrong. */
export type Proof = {
  /** The store itself keeps their SHA-256, which it checked when they came. */
  readonly byStore: number
  readonly byReading: number
  readonly readBytes: number
  readonly wrong: readonly Digest[]
}

export type ProveDeps = {
  readonly recorder: Recorder
  readonly concurrency: number
  readonly stop: AbortSignal
}

/** How many blobs of a mirror a sample is. */
export const sampleBlobs = 100

/**
 * Proves that blobs are what their digests say: by the checksum that the store keeps, or else by
 * reading them. What cannot be asked is a problem, and neither proven nor wrong.
 */
export async function proveBlobs(
  bucket: Bucket,
  listing: Listing,
  depth: 'sample' | 'all',
  { recorder, concurrency, stop }: ProveDeps,
): Promise<Proof> {
  const proof = { byStore: 0, byReading: 0, readBytes: 0, wrong: [] as Digest[] }
  const digests = depth === 'all' ? listing.keys() : sampleOf(listing, sampleBlobs)
  await forEachLimited(digests, concurrency, async (digest) => {
    if (stop.aborted) return
    const sizeBytes = listing.get(digest)!
    try {
      if (await bucket.vouchesFor(digest)) {
        proof.byStore++
        return
      }
      await read(digest, sizeBytes)
      proof.byReading++
    } catch (error) {
      if (stop.aborted) return
      if (error instanceof ContentError && error.kind === 'wrong') proof.wrong.push(digest)
      else recorder.problem(`${bucket.mirror.id} ${digest}`, error)
    }
  })
  return proof

  function onBytes(count: number): void {
    proof.readBytes += count
  }

  async function read(digest: Digest, sizeBytes: number): Promise<void> {
    const source = await bucket.openBlob(digest, sizeBytes)
    const body = verified(source, { digest, sizeBytes, from: bucket.mirror.id, onBytes })
    await finished(body.resume())
  }
}

/** So many digests, each as likely as any other, in one pass over them (Vitter's algorithm R). */
function sampleOf(listing: Listing, count: number): readonly Digest[] {
  const sample: Digest[] = []
  let seen = 0
  for (const digest of listing.keys()) {
    seen++
    if (sample.length < count) sample.push(digest)
    else {
      const at = randomInt(seen)
      if (at < count) sample[at] = digest
    }
  }
  return sample
}
