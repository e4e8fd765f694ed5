import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { Agent } from 'undici'
import type { Config } from '../config.ts'
import { canary } from '../core/canary.ts'
import type { Digest } from '../core/digest.ts'
import type { Listing, Plan, WantedBlob } from '../core/plan.ts'
import { planSync } from '../core/plan.ts'
import type { SyncEvent } from '../core/sync-event.ts'
import type { Upstream } from '../core/upstream.ts'
import { upstreamOf } from '../core/upstream.ts'
import type { Environment } from './bucket-client.ts'
import { checkCanary } from './canary-check.ts'
import type { GoodMirror } from './index-content.ts'
import { indexContents } from './index-content.ts'
import { checkIndexReadable } from './index-check.ts'
import type { IndexPlace } from './index-place.ts'
import { bucketPlace, folderPlace } from './index-place.ts'
import type { OpenedMirror } from './open-mirrors.ts'
import { listMirror, openMirrors } from './open-mirrors.ts'
import type { Published } from './publish.ts'
import { publish } from './publish.ts'
import { createRecorder } from './recorder.ts'
import type { Patience } from './retry-policy.ts'
import { usualPatience } from './retry-policy.ts'
import { selectRepositories } from './select.ts'
import { summarize } from './summarize.ts'
import type { SyncSummary } from './summary.ts'
import type { Transferred } from './transfer.ts'
import { transfer } from './transfer.ts'
import type { UpstreamClient } from './upstream.ts'
import { createUpstreamClient } from './upstream.ts'
import type { Walked } from './walk.ts'
import { walk } from './walk.ts'

/** The world as a run needs it. */
export type SyncDeps = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly record: (event: SyncEvent) => void
  /** Where the mirrors' credentials are. */
  readonly env: Environment
  readonly stop: AbortSignal
  /** What upstreams and canaries are asked through; default: an Agent that lives as long as the run. */
  readonly dispatcher?: Dispatcher
  /** How often and how long what fails is tried again. */
  readonly patience?: Patience
}

export type SyncOptions = {
  /** The id of a mirror whose bucket is to be claimed although it holds objects. */
  readonly claim?: string | undefined
  /** Says what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined
}

type OpenMirror = Extract<OpenedMirror, { kind: 'open' }>

const stopped = 'it was stopped: the next run goes on where this one ended'
const nothingWalked: Walked = { blobs: new Map(), repositories: 0, manifests: 0 }
const nothingMoved: Transferred = {
  uploaded: new Map(),
  copied: new Map(),
  upstreamBytes: 0,
  spoiled: new Map(),
}

/**
 * Fills the mirrors from the upstreams and publishes what they hold. What fails is in the summary's problems; it throws
 * only for a bug.
 */
export async function runSync(
  config: Config,
  deps: SyncDeps,
  options: SyncOptions = {},
): Promise<SyncSummary> {
  const { now, stop, patience = usualPatience } = deps
  const startMs = now()
  const dryRun = options.dryRun === true
  const { concurrency, referrers } = config.sync
  const recorder = createRecorder(deps)
  const dispatcher = deps.dispatcher ?? createAgent()
  const settings = { dispatcher, patience, stop, now }
  const clients = new Map<Upstream, UpstreamClient>(
    config.upstreams.map((each) => [each, createUpstreamClient(each, settings)]),
  )
  const clientOf = (upstream: Upstream) => clients.get(upstream)!

  const { claim } = options
  const opening = { env: deps.env, now, stop, recorder, dryRun, claim }
  const opened = await openMirrors(config.mirrors, opening)
  const open = opened.filter((each) => each.kind === 'open')
  const listings = new Map<string, Listing>(open.map(({ id, listing }) => [id, listing]))
  try {
    // With no mirror to fill there is nothing to find out.
    const walked = open.length === 0 ? nothingWalked : await walkAll()
    const plan = planAll(walked)
    const moved = dryRun || stop.aborted ? nothingMoved : await transferAll(plan)
    const good = dryRun || stop.aborted ? [] : await examineAll(moved)
    const published = dryRun || stop.aborted ? undefined : await publishAll(good, walked)
    if (stop.aborted) recorder.problem('sync', stopped)
    const goodIds = new Set(good.map(({ id }) => id))
    const outcome = { dryRun, opened, listings, walked, plan, moved, goodIds, published }
    return summarize(outcome, recorder.problems, now() - startMs)
  } finally {
    for (const { bucket } of open) bucket.close()
    if (deps.dispatcher === undefined) await dispatcher.destroy()
  }

  async function walkAll(): Promise<Walked> {
    const selected = await selectRepositories(config, clientOf, recorder)
    return walk(selected, { clientOf, recorder, concurrency, referrers, stop })
  }

  function planAll({ blobs }: Walked): Plan {
    // Every mirror holds the canary, whether or not an image needs the same two bytes.
    const made: WantedBlob = {
      digest: canary.digest,
      sizeBytes: canary.size,
      repository: undefined,
    }
    const wanted = new Map([...blobs, [made.digest, made] as const])
    const plan = planSync(wanted.values(), listings)
    recorder.step({ step: 'planned', ...plan.totals })
    for (const { digest, sizeBytes, repository } of plan.tooLarge) {
      recorder.problem(
        `${repository}@${digest}`,
        `larger than 5 GiB: ${sizeBytes} bytes stay with the upstream`,
      )
    }
    return plan
  }

  function transferAll({ work }: Plan): Promise<Transferred> {
    return transfer(work, {
      buckets: new Map(open.map(({ id, bucket }) => [id, bucket])),
      openUpstream: (repository, { digest, sizeBytes }) =>
        clientOf(upstreamOf(config.upstreams, repository)!).openBlob(repository, digest, sizeBytes),
      recorder,
      concurrency,
      stop,
      now,
      pause: async (tries) => {
        // A stop ends the pause, and is seen by whoever paused.
        await sleep(patience.firstPauseMs * 2 ** (tries - 1), undefined, { signal: stop }).catch(
          () => {},
        )
      },
    })
  }

  async function examineAll(moved: Transferred): Promise<readonly (GoodMirror & OpenMirror)[]> {
    const examined = await Promise.all(open.map((each) => examine(each, moved)))
    return examined.filter((each) => each !== undefined)
  }

  /** A mirror as clients will find it, or undefined where they must not be sent there. */
  async function examine(
    each: OpenMirror,
    { spoiled }: Transferred,
  ): Promise<(GoodMirror & OpenMirror) | undefined> {
    const { id, bucket } = each
    try {
      const listing = await listMirror(bucket, recorder)
      listings.set(id, listing)
      const failure = await checkCanary(bucket.mirror, settings)
      if (failure === undefined) {
        const wrong = spoiled.get(id) ?? new Set<Digest>()
        return { ...each, mirror: bucket.mirror, listing, spoiled: wrong }
      }
      recorder.problem(id, `left out of the index: ${failure}`)
    } catch (error) {
      recorder.problem(id, `left out of the index: ${(error as Error).message}`)
    }
    return undefined
  }

  async function publishAll(
    good: readonly (GoodMirror & OpenMirror)[],
    { blobs }: Walked,
  ): Promise<Published> {
    const { directory, keepGenerations } = config.index
    const known = (digest: Digest) =>
      digest === canary.digest ? canary.size : blobs.get(digest)?.sizeBytes
    const contents = indexContents(good, known)
    for (const digest of contents.ambiguous) {
      recorder.problem(
        digest,
        'wanted one size in every mirror, got several: left out of the index',
      )
    }
    // Also to a mirror that is left out: where it is the only one, this is how `serve` hears of it.
    const places: IndexPlace[] = open.map(({ bucket }) => bucketPlace(bucket))
    if (directory !== undefined) places.push(folderPlace(directory))
    const published = await publish(contents, places, { recorder, now, keepGenerations })
    if (published.to.length === 0) recorder.problem('the index', 'it could be published nowhere')
    else if (directory === undefined) {
      const told = open.filter(({ id }) => published.to.includes(id))
      const failure = await checkIndexReadable(
        told.map(({ bucket }) => bucket.mirror),
        settings,
      )
      if (failure !== undefined) recorder.problem('the index', failure)
    }
    return published
  }
}

function createAgent(): Agent {
  return new Agent({ connect: { timeout: 10_000 }, headersTimeout: 30_000, bodyTimeout: 60_000 })
}
