import type { Config } from '../config.ts'
import { planPrune, pruneShare } from '../core/prune.ts'
import { canaryOf } from './publish/canary.ts'
import { readCondemned } from './condemned.ts'
import type { Pruning } from './prune-mirrors.ts'
import { pruneMirrors } from './prune-mirrors.ts'
import type { PruneSummary } from './prune-summary.ts'
import { summarizePruning } from './prune-summary.ts'
import type { Session, SyncDeps } from './session.ts'
import { openSession } from './session.ts'
import type { Paying, Survey } from './survey.ts'
import { survey } from './survey.ts'
import { isWanted } from './withheld.ts'

export type PruneOptions = {
  /** Says what would be done and why, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** Also where it is a larger share of a mirror than is configured. */
  readonly force?: boolean | undefined
  /** What was pulled, for mirrors that hold what pays. */
  readonly pays?: Paying | undefined
}

/**
 * Deletes from the mirrors what nobody wants, in two steps: out of the index first, and out of the
 * bucket when no index that has it can be in use. It does nothing unless it could walk everything,
 * and ask every mirror. What fails is in the summary's problems; it throws only for a bug.
 */
export async function runPrune(
  config: Config,
  deps: SyncDeps,
  options: PruneOptions = {},
): Promise<PruneSummary> {
  const { dryRun = false, force = false, pays } = options
  const session = openSession(config, deps)
  const { recorder, settings, startMs } = session
  let surveyed: Survey | undefined
  try {
    surveyed = await survey(session, { dryRun, pays })
    const prunings = await planAll(session, surveyed, force)
    const isIdle = dryRun || prunings.length === 0
    const done = isIdle ? [] : await pruneMirrors(session, surveyed, prunings)
    return {
      dryRun,
      mirrors: prunings.map((each) =>
        summarizePruning(each, dryRun, done.includes(each.id), config),
      ),
      problems: recorder.problems,
      durationMs: settings.now() - startMs,
    }
  } finally {
    await surveyed?.close()
    await session.close()
  }
}

/** Plans every mirror, or none: where anything is not known, nothing is deleted. */
async function planAll(
  { config, recorder, settings }: Session,
  surveyed: Survey,
  force: boolean,
): Promise<readonly Pruning[]> {
  const { opened, open, blobs, mirrors } = surveyed
  if (!surveyed.isComplete) {
    recorder.problem(
      'prune',
      'wanted every repository and manifest walked, got the problems above: nothing is deleted',
    )
    return []
  }
  if (open.length < opened.length) {
    recorder.problem(
      'prune',
      'wanted every mirror to answer, as any may have an index: nothing is deleted',
    )
    return []
  }
  const { graceSeconds, largestShare } = config.prune
  try {
    return await Promise.all(
      open.map(async (each) => {
        const mirror = mirrors.find(({ id }) => id === each.id)!
        const canary = canaryOf(each.id).digest
        const plan = planPrune({
          listing: each.listing,
          isWanted: (digest) => digest === canary || isWanted(mirror, blobs, digest),
          condemned: await readCondemned(each.bucket),
          nowMs: settings.now(),
          graceMs: graceSeconds * 1000,
        })
        const share = pruneShare(plan)
        const isHeldBack = share > largestShare && !force
        if (isHeldBack) {
          const wanted = `wanted at most ${percent(largestShare)} of its bytes in one run`
          recorder.problem(
            each.id,
            `${wanted}, got ${percent(share)}: say --force if that is right`,
          )
        }
        return { ...each, plan, isHeldBack }
      }),
    )
  } catch (error) {
    recorder.problem('prune', error)
    return []
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
