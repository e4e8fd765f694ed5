import type { Digest } from '../../core/digest.ts'
import type { DisputedBlob, FoundBlobs } from './found-blobs.ts'
import { forEachLimited } from '../concurrency.ts'
import type { Recorder } from '../recorder.ts'

export type SettleDeps = {
  /** A blob's size in bytes by the upstream. */
  readonly headBlob: (repository: string, digest: Digest) => Promise<number>
  readonly recorder: Recorder
  readonly concurrency: number
  readonly stop: AbortSignal
}

/**
 * Gives every blob one size. Where manifests disagree, the upstream is asked once: one wrong
 * manifest must not cost the others their blob. Where it does not know either, the blob is left
 * out, and what mirrors have of it stays as it is.
 */
export async function settleSizes(found: FoundBlobs, deps: SettleDeps): Promise<void> {
  const { recorder, concurrency, stop } = deps
  await forEachLimited(found.disputed(), concurrency, async (blob) => {
    if (stop.aborted) return
    const { digest, repositories } = blob
    const asked = await askSize(blob, deps)
    if (stop.aborted) return
    found.settle(digest, typeof asked === 'number' ? asked : undefined)
    const truth = typeof asked === 'number' ? `the upstream has ${asked}` : asked
    recorder.problem(
      `${repositories[0]}@${digest}`,
      `wanted one size of a blob, got ${claimsText(blob)}: ${truth}`,
    )
  })
}

/** The size, or a sentence saying why nobody knows. */
async function askSize(
  { digest, repositories }: DisputedBlob,
  { headBlob }: SettleDeps,
): Promise<number | string> {
  let why = ''
  for (const repository of repositories) {
    try {
      return await headBlob(repository, digest)
    } catch (error) {
      why = (error as Error).message
    }
  }
  return why
}

function claimsText({ claims }: DisputedBlob): string {
  const sorted = [...claims].toSorted(([a], [b]) => a - b)
  return sorted.map(([sizeBytes, repository]) => `${sizeBytes} in ${repository}`).join(', ')
}
