import packageJson from '../../package.json' with { type: 'json' }
import type { Config } from '../config.ts'
import type { AddressTable } from '../core/address-table.ts'
import { bareAddress } from '../core/address.ts'
import { withoutMirrors } from '../core/decision.ts'
import type { ServiceEvent } from '../core/event.ts'
import { createPage } from '../metrics/page/page.ts'
import { makeReport } from '../metrics/report.ts'
import { createAdminApp } from '../proxy/admin.ts'
import { createApp } from '../proxy/app.ts'
import { createClientAddressReader } from '../proxy/client-address.ts'
import type { IndexKeeper } from '../proxy/index-keeper.ts'
import { createOptOut } from '../proxy/opt-out.ts'
import { loadBundledTable } from '../ranges/bundled.ts'
import { explainAddress, explanationLines } from './explain.ts'
import { startRefreshing } from './index-refresh.ts'
import type { Listener } from './listener.ts'
import { listen, peerOf } from './listener.ts'
import { createOperators } from './operators.ts'
import { createPolicy, createPolicyFor } from './policy.ts'
import { createPresence } from './presence.ts'
import { startRechecking } from './probe-recheck.ts'
import { createNodeRelay } from './relay.ts'

/** A running nearport. */
export type Service = {
  readonly port: number
  readonly adminPort: number
  /**
   * Says so on `readyz`, takes requests for `drainSeconds` more, ends those under way, and is gone.
   */
  readonly drain: () => Promise<void>
}

/** How long a request that is under way at the end of a drain may still take. */
const lastRequestsMs = 30_000

/**
 * Starts nearport on Node. Rejects where a port cannot be had, or where the environment lacks the
 * credentials that the configuration names; nothing else outside can stop it from starting.
 */
export async function startService(
  config: Config,
  record: (event: ServiceEvent) => void,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Service> {
  const relay = createNodeRelay(config, environment)
  const table = loadBundledTable()
  const { presence, keeper, probe } = createPresence(config, Date.now)
  const policy = createPolicy(config)
  const optOut = createOptOut(config.optOut)
  const policyFor = createPolicyFor(policy, optOut)
  const optedOut = withoutMirrors(policy)
  const operators = createOperators({ config, policy, table, keeper, now: Date.now })
  const recordAll = (event: ServiceEvent) => {
    operators.record(event)
    record(event)
  }
  const stopRefreshing = keeper && (await startRefreshing(keeper, config.index, recordAll))
  const stopRechecking = probe && startRechecking(probe, config.probe, Date.now, recordAll)

  const addressOf = createClientAddressReader(config.clientAddress)
  const app = createApp<{ incoming: Parameters<typeof peerOf>[0]['incoming'] }>({
    policy: () => policy,
    optedOut:
      optOut &&
      ((request, env) =>
        optOut.has(request, () => addressOf(request.headers, peerOf(env))) ? optedOut : undefined),
    locate(request, env) {
      const address = addressOf(request.headers, peerOf(env))
      return address === undefined ? undefined : table.locate(address)
    },
    presence,
    askForMs: config.probe.timeoutMs,
    relay,
    record: recordAll,
    now: Date.now,
    elapsedMs: () => performance.now(),
  })

  let draining = false
  const admin = createAdminApp({
    ready: () => !draining,
    details: () => readyDetails(config, table, keeper),
    metrics: operators.scrape,
    page: createPage({
      report: () => makeReport(operators.report),
      async explain(method, path, text) {
        const address = bareAddress(text)
        if (address === undefined) return { problem: `wanted an IPv4 or IPv6 address, got ${text}` }
        const asked = { policyFor, presence, locate: table.locate }
        return explanationLines(address, await explainAddress(method, path, address, asked))
      },
      version: packageJson.version,
      now: Date.now,
    }),
  })
  const listener = await listen((request, env) => app.fetch(request, env), {
    host: config.host,
    port: config.port,
  })
  const adminListener = await listenForOperators(admin.fetch, config, listener)
  const where = `clients on port ${listener.port}, operators on port ${adminListener.port}`
  recordAll({ event: 'started', timeMs: Date.now(), detail: where })

  return {
    port: listener.port,
    adminPort: adminListener.port,
    async drain() {
      draining = true
      recordAll({ event: 'draining', timeMs: Date.now() })
      listener.discourage()
      // Whoever routes to us needs a moment to read `readyz`; what it still sends is answered.
      await new Promise((resolve) => setTimeout(resolve, config.drainSeconds * 1000))
      await listener.close(lastRequestsMs)
      stopRefreshing?.()
      stopRechecking?.()
      await adminListener.close(0)
      recordAll({ event: 'stopped', timeMs: Date.now() })
    },
  }
}

/** The admin port, or nothing at all: a service that cannot be watched does not start. */
async function listenForOperators(
  fetchAdmin: (request: Request) => Response | Promise<Response>,
  config: Config,
  listener: Listener,
): Promise<Listener> {
  try {
    const address = { host: config.adminHost, port: config.adminPort }
    return await listen((request) => fetchAdmin(request), address)
  } catch (error) {
    await listener.close(0)
    throw error
  }
}

function readyDetails(
  config: Config,
  table: AddressTable,
  keeper: IndexKeeper | undefined,
): Readonly<Record<string, unknown>> {
  const index = keeper?.state()
  const ageSeconds = index && Math.round((Date.now() - index.checkedAtMs) / 1000)
  return {
    presence: config.presence,
    index: index && {
      ...index,
      ageSeconds,
      stale: ageSeconds !== undefined && ageSeconds > config.index.staleAfterSeconds,
    },
    ranges: table.sources,
  }
}
