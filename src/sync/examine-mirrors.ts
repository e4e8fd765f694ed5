import type { Listing } from '../core/plan.ts'
import type { AnonymousDeps } from './publish/anonymous.ts'
import type { Bucket } from './bucket/bucket.ts'
import { canaryOf, putCanary } from './publish/canary.ts'
import { checkCanary } from './publish/canary-check.ts'
import { listMirror } from './open-mirrors.ts'
import type { OpenMirror } from './open-mirrors.ts'
import type { Recorder } from './recorder.ts'

/**
 * A mirror as it was found at the end of a run; `serves` says whether clients may be sent there.
 */
export type ExaminedMirror = {
  readonly id: string
  readonly bucket: Bucket
  readonly serves: boolean
  readonly listing: Listing
}

/**
 * Tries every mirror as clients will, with its own canary, which is written first where it is not
 * there; one that has changed since it was listed is listed again. A mirror that fails is a problem.
 */
export async function examineMirrors(
  mirrors: readonly OpenMirror[],
  isChanged: (id: string) => boolean,
  deps: AnonymousDeps & { readonly recorder: Recorder },
): Promise<readonly ExaminedMirror[]> {
  const { recorder } = deps
  return Promise.all(mirrors.map(examine))

  async function examine({ id, bucket, listing: before }: OpenMirror): Promise<ExaminedMirror> {
    let listing = before
    try {
      const isThere = before.get(canaryOf(id).digest) === canaryOf(id).bytes.length
      if (!isThere) await mend(bucket)
      if (!isThere || isChanged(id)) listing = await listMirror(bucket, recorder)
      const mirror = await bucket.readable()
      let failure = await checkCanary(mirror, deps)
      if (failure !== undefined && isThere) {
        // The fault may be the canary's own, which is ours to mend.
        await mend(bucket)
        failure = await checkCanary(mirror, deps)
      }
      if (failure === undefined) return { id, bucket, serves: true, listing }
      recorder.problem(id, `left out of the index: ${failure}`)
    } catch (error) {
      recorder.problem(id, `left out of the index: ${(error as Error).message}`)
    }
    return { id, bucket, serves: false, listing }
  }

  async function mend(bucket: Bucket): Promise<void> {
    await putCanary(bucket)
    recorder.step({ step: 'canary', mirror: bucket.mirror.id })
  }
}
