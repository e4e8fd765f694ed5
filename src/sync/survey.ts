import type { ConfiguredMirror } from '../config.ts'
import type { Digest } from '../core/digest.ts'
import { exactDollars } from '../core/money.ts'
import type { PlannedMirror } from '../core/plan.ts'
import type { FoundBlobs } from './walk/found-blobs.ts'
import { createFoundBlobs } from './walk/found-blobs.ts'
import { matchesGlob } from '../core/glob.ts'
import type { StoredLedger } from './walk/ledger-store.ts'
import { loadLedger } from './walk/ledger-store.ts'
import type { ManifestBytes } from './walk/manifest-bytes.ts'
import { createManifestBytes } from './walk/manifest-bytes.ts'
import type { OpenedMirror, OpenMirror } from './open-mirrors.ts'
import { openMirrors } from './open-mirrors.ts'
import { selectRepositories } from './walk/select.ts'
import type { Session } from './session.ts'
import type { Shard } from './shard.ts'
import { isInShard, wholeRun } from './shard.ts'
import type { HotSetSources } from './traffic/traffic-hot-sets.ts'
import { chooseHotSets, wantedBy } from './traffic/traffic-hot-sets.ts'
import type { Walked } from './walk/walk.ts'
import { walk } from './walk/walk.ts'

/** What there is, and what there should be: found by every run before it does anything. */
export type Survey = {
  readonly opened: readonly OpenedMirror[]
  /** Those of them that are ours and could be asked. */
  readonly open: readonly OpenMirror[]
  readonly walked: Walked
  /** Every blob that the configured repositories lead to. */
  readonly blobs: FoundBlobs
  /** Manifests that were fetched and are to be written; undefined: mirrors hold none. */
  readonly manifestBytes: ManifestBytes | undefined
  /** The open mirrors, with what each is to hold of it. */
  readonly mirrors: readonly PlannedMirror[]
  readonly ledger: StoredLedger
  /**
   * Whether every repository and manifest could be walked: only then is what is not among the blobs
   * wanted by nobody.
   */
  readonly isComplete: boolean
  readonly close: () => Promise<void>
}

export type SurveyOptions = {
  /** The id of a mirror whose bucket is to be claimed although it holds objects. */
  readonly claim?: string | undefined
  /** Says what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** The share of the repositories that this run walks; default: all of them. */
  readonly shard?: Shard | undefined
  /** By what a mirror that holds what pays is told what does. */
  readonly pays?: Paying | undefined
}

/** What was pulled, and what it costs by either way. */
export type Paying = Omit<HotSetSources, 'sizeOf' | 'listings'>

const nothingWalked: Walked = { repositories: 0, manifests: 0, known: 0 }

/** Opens the mirrors, and walks the upstreams. What fails is a problem. */
export async function survey(session: Session, options: SurveyOptions): Promise<Survey> {
  const { config, deps, recorder, clientOf, settings, run } = session
  const { now, stop } = settings
  const { shard = wholeRun, dryRun = false, claim } = options
  const opening = { env: deps.env, now, stop, run, recorder, dryRun, claim }
  const opened = await openMirrors(config.mirrors, opening)
  const open = opened.filter((each) => each.kind === 'open')
  const close = async () => {
    await Promise.all(open.map(({ bucket }) => bucket.close()))
  }
  try {
    const restricted = config.mirrors.filter(({ holds }) => typeof holds === 'object')
    const blobs = createFoundBlobs(restricted.map(isOfMirror))
    const manifestBytes =
      config.manifests?.mirrors === true
        ? createManifestBytes((digest, sizeBytes) =>
            open.some(({ listing }) => listing.get(digest) !== sizeBytes),
          )
        : undefined
    const ledger = await loadLedger(
      open.map(({ bucket }) => bucket),
      shard,
      recorder,
    )
    const problemsBefore = recorder.problems.length
    // With no mirror to fill there is nothing to find out.
    const walked = open.length === 0 ? nothingWalked : await walkAll(blobs, ledger, manifestBytes)
    const isComplete =
      open.length > 0 && !stop.aborted && recorder.problems.length === problemsBefore
    if (!dryRun && open.length > 0 && !stop.aborted) await ledger.save(isComplete)

    const hotSets = chooseAll(open, blobs)
    const mirrors = open.map(({ id, bucket: { mirror }, listing }) => {
      const group = restricted.indexOf(mirror)
      const isIn = group < 0 ? undefined : (digest: Digest) => blobs.isInGroup(digest, group)
      const choice = hotSets?.get(id)
      const wants = choice === undefined ? isIn : wantedBy(choice, listing)
      return { id, listing, wants }
    })
    return { opened, open, walked, blobs, manifestBytes, mirrors, ledger, isComplete, close }
  } catch (error) {
    await close()
    throw error
  }

  /** What pays, of each mirror that holds that alone. */
  function chooseAll(mirrors: readonly OpenMirror[], blobs: FoundBlobs) {
    if (options.pays === undefined) return undefined
    const hotSets = chooseHotSets(config, {
      ...options.pays,
      sizeOf: (digest) => blobs.get(digest)?.sizeBytes,
      listings: new Map(mirrors.map(({ id, listing }) => [id, listing])),
    })
    for (const [id, choice] of hotSets) {
      if (choice.kind === 'unknown') {
        for (const problem of choice.problems) recorder.problem(id, problem)
      } else {
        const { blobs: hot, bytes, saved, storage } = choice.set
        const money = { saved: exactDollars(saved), storage: exactDollars(storage) }
        recorder.step({ step: 'chosen', mirror: id, blobs: hot.size, bytes, ...money })
      }
    }
    return hotSets
  }

  async function walkAll(
    blobs: FoundBlobs,
    { ledger }: StoredLedger,
    manifestBytes: ManifestBytes | undefined,
  ): Promise<Walked> {
    const selected = await selectRepositories(config, clientOf, recorder)
    const own = selected.filter(({ name }) => isInShard(name, shard))
    recorder.step({ step: 'selected', repositories: own.length })
    const { concurrency, referrers, referrersEverySeconds } = config.sync
    const asking = { referrers, referrersEverySeconds, concurrency }
    const walking = { clientOf, recorder, ledger, blobs, manifestBytes, stop, now }
    return walk(own, { ...asking, ...walking })
  }
}

/** Whether a repository is one that a mirror holds. */
function isOfMirror({ holds }: ConfiguredMirror): (repository: string) => boolean {
  const patterns = typeof holds === 'object' ? holds.repositories : []
  return (repository) => patterns.some((each) => matchesGlob(each, repository))
}
