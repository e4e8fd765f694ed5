import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { Agent } from 'undici'
import type { Config } from '../config.ts'
import type { Digest } from '../core/digest.ts'
import type { Listing, Plan } from '../core/plan.ts'
import { planSync } from '../core/plan.ts'
import type { SyncEvent } from '../core/sync-event.ts'
import type { Upstream } from '../core/upstream.ts'
import { upstreamOf } from '../core/upstream.ts'
import type { Environment } from './bucket-client.ts'
import type { ExaminedMirror } from './examine-mirrors.ts'
import { examineMirrors } from './examine-mirrors.ts'
import { openMirrors } from './open-mirrors.ts'
import type { Published } from './publish.ts'
import { publishRun } from './publish-run.ts'
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
  /**
   * What upstreams and canaries are asked through; default: an Agent that lives as long as the run.
   */
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

const stopped = 'it was stopped: the next run goes on where this one ended'
const nothingWalked: Walked = { blobs: new Map(), repositories: 0, manifests: 0 }
const nothingMoved: Transferred = {
  uploaded: new Map(),
  copied: new Map(),
  upstreamBytes: 0,
  spoiled: new Map(),
}

/**
 * Fills the mirrors from the upstreams and publishes what they hold. What fails is in the summary's
 * problems; it throws only for a bug.
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
    const examining = { ...settings, recorder }
    const examined = dryRun || stop.aborted ? [] : await examineMirrors(open, examining)
    for (const { id, listing } of examined) listings.set(id, listing)
    const published = dryRun || stop.aborted ? undefined : await publishAll(examined, walked, moved)
    if (stop.aborted) recorder.problem('sync', stopped)
    const goodIds = new Set(examined.filter(({ serves }) => serves).map(({ id }) => id))
    const ended = { dryRun, stopped: stop.aborted, goodIds, published }
    const outcome = { ...ended, opened, listings, walked, plan, moved }
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
    const plan = planSync(blobs.values(), listings)
    recorder.step({ step: 'planned', ...plan.totals })
    for (const { digest, sizeBytes, repositories } of plan.tooLarge) {
      recorder.problem(
        `${repositories[0]}@${digest}`,
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

  function publishAll(
    examined: readonly ExaminedMirror[],
    { blobs }: Walked,
    { spoiled }: Transferred,
  ): Promise<Published | undefined> {
    return publishRun(examined, {
      config,
      knownBytes: (digest: Digest) => blobs.get(digest)?.sizeBytes,
      spoiled,
      recorder,
      settings,
    })
  }
}

function createAgent(): Agent {
  return new Agent({ connect: { timeout: 10_000 }, headersTimeout: 30_000, bodyTimeout: 60_000 })
}
