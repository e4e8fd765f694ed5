import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import type { Digest } from '../../core/digest.ts'
import { BucketError } from './bucket-error.ts'
import { contentMd5, md5Step } from './bucket-md5.ts'
import type { BucketSession } from './bucket-session.ts'
import { forEachLimited } from '../concurrency.ts'

/** What became of blobs that were to be removed; what was not there counts as removed. */
export type Removed = {
  readonly removed: readonly Digest[]
  /** Why the store kept one. */
  readonly failed: ReadonlyMap<Digest, BucketError>
}

const mostKeys = 1000
const deletesAtOnce = 8

/**
 * Removes blobs, a thousand a request, or one by one from a store that does not know how. What is
 * not tried any more after a stop is in neither list.
 */
export async function removeBlobs(
  session: BucketSession,
  digests: Iterable<Digest>,
): Promise<Removed> {
  const { client, mirror, Bucket, ask, stop } = session
  const removed: Digest[] = []
  const failed = new Map<Digest, BucketError>()
  let isMany = true

  for (const batch of batchesOf(digests)) {
    if (stop.aborted) break
    if (isMany) isMany = await removeMany(batch)
    if (!isMany) await forEachLimited(batch, deletesAtOnce, removeOne)
  }
  return { removed, failed }

  /** Whether the store knows how. */
  async function removeMany(batch: readonly Digest[]): Promise<boolean> {
    const byKey = new Map(batch.map((digest) => [mirror.keys.keyOf(digest), digest]))
    const Objects = [...byKey.keys()].map((Key) => ({ Key }))
    const command = new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })
    command.middlewareStack.add(contentMd5(), md5Step)
    try {
      const { Errors = [] } = await ask(
        `POST ${Bucket}?delete`,
        (abortSignal) => client.send(command, { abortSignal }),
        { deadlineMs: 180_000 },
      )
      for (const { Key = '', Code = 'failed', Message = '' } of Errors) {
        const digest = byKey.get(Key)
        if (digest === undefined) continue
        failed.set(digest, new BucketError(`DELETE ${Key}`, { name: Code, message: Message }))
      }
      removed.push(...batch.filter((digest) => !failed.has(digest)))
    } catch (error) {
      if (!(error instanceof BucketError)) throw error
      if (error.status === 501) return false
      for (const digest of batch) failed.set(digest, error)
    }
    return true
  }

  async function removeOne(digest: Digest): Promise<void> {
    const Key = mirror.keys.keyOf(digest)
    try {
      await ask(`DELETE ${Key}`, (abortSignal) =>
        client.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal }),
      )
      removed.push(digest)
    } catch (error) {
      if (!(error instanceof BucketError)) throw error
      failed.set(digest, error)
    }
  }
}

function* batchesOf(digests: Iterable<Digest>): Generator<readonly Digest[]> {
  let batch: Digest[] = []
  for (const digest of digests) {
    batch.push(digest)
    if (batch.length < mostKeys) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
