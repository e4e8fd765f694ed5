import type { Config } from '../config.ts'
import type { Digest } from '../core/digest.ts'
import type { PrunePlan } from '../core/prune.ts'
import type { Bucket } from './bucket/bucket.ts'
import type { Condemned } from './condemned.ts'
import { readCondemned, writeCondemned } from './condemned.ts'
import { examineMirrors } from './examine-mirrors.ts'
import { folderPlace } from './publish/index-folder.ts'
import { bucketPlace } from './publish/index-place.ts'
import { readNewest } from './publish/published-index.ts'
import { lookAt } from './publish/published-places.ts'
import type { OpenMirror } from './open-mirrors.ts'
import { publishRun } from './publish/publish-run.ts'
import type { Session } from './session.ts'
import type { Survey } from './survey.ts'

/** A mirror, what is to become of its unwanted blobs, and whether that is more than it may be. */
export type Pruning = OpenMirror & { readonly plan: PrunePlan; readonly isHeldBack: boolean }

/** Publishes without what is condemned, and deletes what is due. Returns the ids of those done. */
export async function pruneMirrors(
  session: Session,
  surveyed: Survey,
  prunings: readonly Pruning[],
): Promise<readonly string[]> {
  const { recorder, settings, config } = session
  const before = await Promise.all(prunings.map(({ bucket }) => readCondemned(bucket)))
  const after = prunings.map((each, at) => condemnedAfter(each, before[at]!))
  if (!(await publishWithout(session, surveyed, prunings, after))) return []

  const done: string[] = []
  for (const [at, each] of prunings.entries()) {
    if (settings.stop.aborted || each.isHeldBack) continue
    try {
      // Only now do those that are new begin to wait: no index has them any more.
      await writeCondemned(each.bucket, after[at]!)
      for (const { digest, sizeBytes } of each.plan.condemned) {
        recorder.step({ step: 'condemned', mirror: each.id, digest, sizeBytes })
      }
      await deleteDue(each, session)
      done.push(each.id)
    } catch (error) {
      recorder.problem(each.id, error)
    }
  }
  // A sync that began before, and ended meanwhile, may have published what was just deleted.
  const deleted = new Set(prunings.flatMap(({ plan }) => plan.due.map(({ digest }) => digest)))
  const places = await lookAt(placesOf(prunings, config), recorder)
  const index = (await readNewest(places, recorder))?.index
  if (index !== undefined && [...deleted].some((digest) => index.find(digest) >= 0)) {
    await publishWithout(session, surveyed, prunings, after)
  }
  return done
}

/** What a mirror has condemned when this run has ended. */
function condemnedAfter({ plan, isHeldBack }: Pruning, before: Condemned): Condemned {
  const after = new Map(before)
  for (const digest of plan.pardoned) after.delete(digest)
  if (isHeldBack) return after
  for (const { digest, sinceMs } of plan.condemned) after.set(digest, sinceMs)
  return after
}

/** Whether every place has an index now in which nothing is that is condemned. */
async function publishWithout(
  session: Session,
  { blobs }: Survey,
  prunings: readonly Pruning[],
  condemned: readonly Condemned[],
): Promise<boolean> {
  const { config, recorder, settings } = session
  const examined = await examineMirrors(prunings, () => true, { ...settings, recorder })
  const withheld = prunings.map(({ id }, at) => [id, new Set(condemned[at]!.keys())] as const)
  const published = await publishRun(examined, {
    config,
    knownBytes: (digest) => blobs.get(digest)?.sizeBytes,
    spoiled: new Map<string, ReadonlySet<Digest>>(withheld),
    recorder,
    settings,
  })
  const isEverywhere =
    (published?.how === 'new' || published?.how === 'unchanged') &&
    published.to.length === placesOf(prunings, config).length
  if (!isEverywhere) {
    const got =
      published === undefined ? 'none' : `${published.how} in ${published.to.join(', ') || 'none'}`
    recorder.problem('prune', `wanted the new index in every place, got ${got}: nothing is deleted`)
  }
  return isEverywhere
}

/** Deletes what is due and still condemned: another run may have found an image that needs it. */
async function deleteDue({ id, bucket, plan }: Pruning, { recorder }: Session): Promise<void> {
  if (plan.due.length === 0) return
  const condemned = new Map(await readCondemned(bucket))
  const due = plan.due.filter(({ digest }) => condemned.has(digest))
  const { removed, failed } = await bucket.removeBlobs(due.map(({ digest }) => digest))
  for (const [digest, error] of failed) recorder.problem(`${id} ${digest}`, error)
  const sizes = new Map(due.map(({ digest, sizeBytes }) => [digest, sizeBytes]))
  for (const digest of removed) {
    condemned.delete(digest)
    recorder.step({ step: 'deleted', mirror: id, digest, sizeBytes: sizes.get(digest)! })
  }
  await writeCondemned(bucket, condemned)
}

function placesOf(prunings: readonly { readonly bucket: Bucket }[], { index }: Config) {
  const buckets = prunings.map(({ bucket }) => bucketPlace(bucket))
  return index.directory === undefined ? buckets : [...buckets, folderPlace(index.directory)]
}
