import type { Digest } from '../core/digest.ts'
import type { PlannedMirror } from '../core/plan.ts'
import type { Condemned } from './condemned.ts'
import { readCondemned, writeCondemned } from './condemned.ts'
import type { FoundBlobs } from './walk/found-blobs.ts'
import type { OpenMirror } from './open-mirrors.ts'
import type { Recorder } from './recorder.ts'

/** What is told of every mirror's condemned blobs, by mirror id. */
export type CondemnedByMirror = ReadonlyMap<string, Condemned>

/** Whether a mirror is to hold a blob, as far as this run knows. */
export function isWanted(
  mirror: Pick<PlannedMirror, 'wants'>,
  blobs: FoundBlobs,
  digest: Digest,
): boolean {
  return blobs.has(digest) && mirror.wants?.(digest) !== false
}

/**
 * What each mirror has condemned, without what is wanted again: that is pardoned, and the file says
 * so from now on. A mirror whose file cannot be read is not among them, which is a problem: it is
 * not known what clients may be sent to.
 */
export async function settleCondemned(
  open: readonly OpenMirror[],
  mirrors: readonly PlannedMirror[],
  blobs: FoundBlobs,
  deps: { readonly recorder: Recorder; readonly dryRun: boolean; readonly stop: AbortSignal },
): Promise<CondemnedByMirror> {
  const { recorder, dryRun, stop } = deps
  const settled = new Map<string, Condemned>()
  if (stop.aborted) return settled
  await Promise.all(
    open.map(async ({ id, bucket }) => {
      const mirror = mirrors.find((each) => each.id === id)!
      try {
        const before = await readCondemned(bucket)
        const still = new Map([...before].filter(([digest]) => !isWanted(mirror, blobs, digest)))
        if (still.size < before.size && !dryRun) await writeCondemned(bucket, still)
        settled.set(id, still)
      } catch (error) {
        if (!stop.aborted) recorder.problem(id, error)
      }
    }),
  )
  return settled
}
