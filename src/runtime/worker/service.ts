import type { Config } from '../../config.ts'
import type { ServiceEvent } from '../../core/event.ts'
import { listHosts } from '../../core/hosts.ts'
import { createOptOut } from '../../proxy/opt-out.ts'
import { createUpstreamHealth } from '../../proxy/upstream/health.ts'
import type { RangesKeeper } from '../../ranges/keeper.ts'
import { createMirrorHealth } from '../mirrors/mirror-health.ts'
import { createMirrorWatching } from '../mirrors/mirror-watching.ts'
import { createPolicies, createPolicy, createPolicyFor } from '../policy.ts'
import { createConfiguredAccounting, createSavingsTerms } from '../report-terms.ts'
import { readyDetails } from '../ready-details.ts'
import { createServedApp } from '../served-app.ts'
import { askUpstreamsEveryMs, createUpstreamAsking } from '../upstream-asking.ts'
import type { WorkerContext, WorkerEnv } from './env.ts'
import { textsOf } from './env.ts'
import { createLooks } from './looks.ts'
import { createWorkerOperators, explainText, operatorsPath } from './operators.ts'
import { createWorkerPage } from './page.ts'
import { createWorkerPresence } from './presence.ts'
import { createWorkerRelay } from './relay.ts'
import { signWorkerMirrors } from './signing.ts'

/** One isolate's nearport. */
export type WorkerService = {
  readonly fetch: (request: Request, context: WorkerContext) => Response | Promise<Response>
  /**
   * Looks for newer ranges, where the cron names its hour; else for a newer index, whether or not one
   * is due, and at the mirrors.
   */
  readonly scheduled: (cron: string) => Promise<void>
}

export type WorkerServiceDeps = {
  readonly config: Config
  readonly ranges: RangesKeeper
  readonly env: WorkerEnv
  /** The deployment's name, the same in each of its isolates. */
  readonly name: string
  readonly record: (event: ServiceEvent) => void
}

/**
 * Makes the nearport of an isolate, which lives for as long as the isolate does. Nothing is asked of
 * anyone as it is made, and no request waits for what is looked at beside it: the first ones are
 * answered with what is known then. Throws where the environment lacks the credentials that the
 * configuration names.
 */
export function createWorkerService(deps: WorkerServiceDeps): WorkerService {
  const { ranges, env } = deps
  const { table } = ranges
  const now = Date.now
  const config = signWorkerMirrors(deps.config, textsOf(env), now)
  const health = createUpstreamHealth({
    now,
    changed: (upstream, up) =>
      record({ event: up ? 'upstream-up' : 'upstream-down', timeMs: now(), upstream }),
  })
  const { relay, passThrough } = createWorkerRelay(config, textsOf(env), deps.name, health)
  const { presence: held, keeper, probe } = createWorkerPresence(config, env.INDEX, now)
  const watching = createMirrorWatching(config, {
    presence: held,
    keeper,
    record: (event) => record(event),
    now,
  })
  const { presence } = watching
  const mirrorHealth = createMirrorHealth(
    config.mirrors,
    config.presence,
    () => keeper?.state(),
    now,
  )
  const record = (event: ServiceEvent) => {
    watching.hear(event)
    mirrorHealth.record(event)
    deps.record(event)
  }
  const optOut = createOptOut(config.optOut)
  const policy = createPolicy(config, health.isUp, passThrough?.openness)
  const policies = createPolicies(policy)

  const { app } = createServedApp<WorkerEnv>({
    config,
    policies,
    optOut,
    table,
    presence,
    relay,
    passThrough,
    record,
    now,
    // An isolate has no sockets.
    peerOf: () => undefined,
  })
  const explain = { policyFor: createPolicyFor(policies, optOut), presence, locate: table.locate }
  const page = createWorkerPage({
    env,
    upstreams: config.upstreams,
    report: {
      accounting: createConfiguredAccounting(config),
      state: () => ({
        index: keeper?.state(),
        mirrors: mirrorHealth.all(),
        upstreams: health.all(),
        ranges: ranges.states(),
      }),
      savings: () => ({
        ...createSavingsTerms(config, policy),
        heldBytes: keeper?.heldBytes(),
      }),
      unhealthySinceMs: () => mirrorHealth.unhealthySinceMs(),
    },
    explain: (method, path, text) => explainText(method, path, text, explain),
    now,
  })
  const operators = createWorkerOperators({
    page,
    token: env.ADMIN_TOKEN,
    details: () => readyDetails(config, table, keeper, now(), mirrorHealth.all()),
    hosts: () => listHosts(config),
    explain,
  })

  const refresh = async (isAsked: boolean) => {
    if (keeper === undefined) return
    const event = await keeper.refresh()
    // A look that found nothing new and nothing wrong is no news.
    if (isAsked || event.outcome !== 'unchanged' || event.problems.length > 0) record(event)
  }
  const recheck = async () => {
    for (const mirror of (await probe?.recheck()) ?? []) {
      record({ event: 'mirror-lost', timeMs: now(), mirror })
    }
  }
  const tell = async (events: ReturnType<RangesKeeper['restore']>) => {
    for (const event of await events) record(event)
  }
  const askUpstreams = createUpstreamAsking(config, health, (url, init) => fetch(url, init))
  const isWatching = config.health.everySeconds > 0 && config.mirrors.length > 0
  const looks = [
    keeper && { everyMs: config.index.refreshSeconds * 1000, look: () => refresh(false) },
    probe && { everyMs: config.probe.recheckSeconds * 1000, look: recheck },
    askUpstreams && { everyMs: askUpstreamsEveryMs, look: askUpstreams },
    isWatching && { everyMs: config.health.everySeconds * 1000, look: watching.look },
    env.INDEX && { everyMs: keptRangesEveryMs, look: () => tell(ranges.restore()) },
  ]
  const due = createLooks(looks.filter((each) => each !== undefined && each !== false))

  return {
    fetch(request, context) {
      for (const { look } of due(now())) context.waitUntil(look())
      if (isForOperators(request.url)) {
        return operators(request).then((answer) => answer ?? app.fetch(request, env))
      }
      return app.fetch(request, env)
    },
    async scheduled(cron) {
      if (namesItsHour.test(cron)) return tell(ranges.refreshDue())
      await Promise.all([refresh(true), isWatching && watching.look()])
    },
  }
}

/** What another isolate has left in the bucket is seen within this. */
const keptRangesEveryMs = 3_600_000
/** A cron of once a day or less: ranges are worked on for seconds, and new ones come every few days. */
const namesItsHour = /^\d+ \d+ /

function isForOperators(url: string): boolean {
  return url.startsWith(operatorsPath, url.indexOf('/', url.indexOf('://') + 3))
}
