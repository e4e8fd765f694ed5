import type { Config } from '../../config.ts'
import type { AddressTable } from '../../core/address-table.ts'
import type { ServiceEvent } from '../../core/event.ts'
import { createApp } from '../../proxy/app.ts'
import { createClientAddressReader } from '../../proxy/client-address.ts'
import { hostOf } from '../../proxy/host.ts'
import { createOptOut } from '../../proxy/opt-out.ts'
import { createUpstreamHealth } from '../../proxy/upstream/health.ts'
import { createMirrorHealth } from '../mirror-health.ts'
import { createMirrorWatching } from '../mirror-watching.ts'
import { createPolicies, createPolicy, createPolicyFor } from '../policy.ts'
import { readyDetails } from '../ready-details.ts'
import { askUpstreamsEveryMs, createUpstreamAsking } from '../upstream-asking.ts'
import type { WorkerContext, WorkerEnv } from './env.ts'
import { textsOf } from './env.ts'
import { createLooks } from './looks.ts'
import { createWorkerOperators, operatorsPath } from './operators.ts'
import { createWorkerPresence } from './presence.ts'
import { createWorkerRelay } from './relay.ts'
import { signWorkerMirrors } from './signing.ts'

/** One isolate's nearport. */
export type WorkerService = {
  readonly fetch: (request: Request, context: WorkerContext) => Response | Promise<Response>
  /** Looks for a newer index, whether or not one is due. */
  readonly scheduled: () => Promise<void>
}

export type WorkerServiceDeps = {
  readonly config: Config
  readonly table: AddressTable
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
  const { table, env } = deps
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
  const policies = createPolicies(createPolicy(config, health.isUp, passThrough?.openness))
  const addressOf = createClientAddressReader(config.clientAddress)

  const app = createApp<WorkerEnv>({
    policyOf(request, ns) {
      const isOut = optOut?.has(request, () => addressOf(request.headers, undefined)) === true
      return (isOut ? policies.optedOut : policies.usual)(() => hostOf(request.url), ns)
    },
    locate(request) {
      const address = addressOf(request.headers, undefined)
      return address === undefined ? undefined : table.locate(address)
    },
    presence,
    askForMs: config.probe.timeoutMs,
    relay,
    passThrough,
    record,
    now,
    elapsedMs: () => performance.now(),
  })
  const operators = createWorkerOperators({
    token: env.ADMIN_TOKEN,
    details: () => readyDetails(config, table, keeper, now(), mirrorHealth.all()),
    explain: { policyFor: createPolicyFor(policies, optOut), presence, locate: table.locate },
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
  const askUpstreams = createUpstreamAsking(config, health, (url, init) => fetch(url, init))
  const isWatching = config.health.everySeconds > 0 && config.mirrors.length > 0
  const looks = [
    keeper && { everyMs: config.index.refreshSeconds * 1000, look: () => refresh(false) },
    probe && { everyMs: config.probe.recheckSeconds * 1000, look: recheck },
    askUpstreams && { everyMs: askUpstreamsEveryMs, look: askUpstreams },
    isWatching && { everyMs: config.health.everySeconds * 1000, look: watching.look },
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
    async scheduled() {
      await Promise.all([refresh(true), isWatching && watching.look()])
    },
  }
}

function isForOperators(url: string): boolean {
  return url.startsWith(operatorsPath, url.indexOf('/', url.indexOf('://') + 3))
}
