import type { Config } from '../config.ts'
import type { Listing } from '../core/plan.ts'
import type { Prices } from '../core/prices.ts'
import { runCost } from '../core/run-cost.ts'
import { fillMirrors } from './fill-mirrors.ts'
import type { SyncDeps } from './session.ts'
import { openSession } from './session.ts'
import type { Shard } from './shard.ts'
import { plannedUse, usedBy } from './run-use.ts'
import { bytesOf, summarize } from './summarize.ts'
import type { SyncSummary } from './summary.ts'
import type { Paying, Survey } from './survey.ts'
import { survey } from './survey.ts'

export type SyncOptions = {
  /** The id of a mirror whose bucket is to be claimed although it holds objects. */
  readonly claim?: string | undefined
  /** Says what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** The share of the repositories that this run takes; default: all of them. */
  readonly shard?: Shard | undefined
  /** What was pulled, for mirrors that hold what pays. */
  readonly pays?: Paying | undefined
  /** By what the run is priced; default: it is not. */
  readonly prices?: Prices | undefined
}

const stopped = 'it was stopped: the next run goes on where this one ended'

/**
 * Fills the mirrors from the upstreams and publishes what they hold. What fails is in the summary's
 * problems; it throws only for a bug.
 */
export async function runSync(
  config: Config,
  deps: SyncDeps,
  { dryRun = false, shard, claim, pays, prices }: SyncOptions = {},
): Promise<SyncSummary> {
  const session = openSession(config, deps)
  const { recorder, settings, startMs } = session
  const { stop, now } = settings
  let surveyed: Survey | undefined
  try {
    surveyed = await survey(session, { dryRun, shard, claim, pays })
    const { opened, open, walked } = surveyed
    const filled = await fillMirrors(session, surveyed, { dryRun, shard })
    if (stop.aborted) recorder.problem('sync', stopped)

    const { examined } = filled
    const listings = new Map<string, Listing>(open.map(({ id, listing }) => [id, listing]))
    for (const { id, listing } of examined) listings.set(id, listing)
    const goodIds = new Set(examined.filter(({ serves }) => serves).map(({ id }) => id))
    const cost = prices && runCost(useOf(), prices)
    const ended = { dryRun, stopped: stop.aborted, goodIds, cost, requests: session.requests() }
    const outcome = { ...filled, ...ended, opened, listings, walked }
    return summarize(outcome, recorder.problems, now() - startMs)

    function useOf() {
      return dryRun
        ? plannedUse(config, filled.plan, open)
        : usedBy(config, filled.moved, open, new Map([...listings].map(bytesById)))
    }
  } finally {
    await surveyed?.close()
    await session.close()
  }
}

function bytesById([id, listing]: readonly [string, Listing]): [string, number] {
  return [id, bytesOf(listing)]
}
