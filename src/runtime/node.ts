import packageJson from '../../package.json' with { type: 'json' }
import type { Config } from '../config.ts'
import { bareAddress } from '../core/address.ts'
import type { ConfigEvent, ServiceEvent } from '../core/event.ts'
import { listHosts } from '../core/hosts.ts'
import { createPage } from '../metrics/page/page.ts'
import { makeReport } from '../metrics/report.ts'
import { createAdminApp } from '../proxy/admin.ts'
import { createDirect } from './direct.ts'
import { explainAddress, explanationLines } from './explain.ts'
import type { Listener } from './listener.ts'
import { listen } from './listener.ts'
import type { NodeParts, PeerBindings } from './node-parts.ts'
import { makeNodeParts } from './node-parts.ts'
import { createOperators } from './operators.ts'
import { createPolicyFor } from './policy.ts'
import { readyDetails } from './ready-details.ts'
import { listenForClients } from './tls-listener.ts'

/** A running nearport. */
export type Service = {
  readonly port: number
  readonly adminPort: number
  /**
   * Puts another configuration in the place of the one in use, once all that it needs is loaded.
   * Requests under way keep the old one. Rejects, and changes nothing, where the environment lacks the
   * credentials that it names. Where to listen is said at the start alone.
   */
  readonly take: (config: Config) => Promise<void>
  /** To be told of what happens to its configuration. */
  readonly record: (event: ConfigEvent) => void
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
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Service> {
  const deps = { record: (event: ServiceEvent) => recordAll(event), env }
  let parts = makeNodeParts(config, deps)
  const operators = createOperators({ shown: () => parts, now: Date.now })
  const recordAll = (event: ServiceEvent) => {
    operators.record(event)
    record(event)
  }
  let stop = await parts.start()

  let draining = false
  let lastRead: ConfigEvent | undefined
  const admin = createAdminApp({
    ready: () => !draining,
    details: () => ({ ...detailsOf(parts, operators.mirrors()), configuration: lastRead }),
    metrics: operators.scrape,
    hosts: () => listHosts(parts.config),
    page: createPage({
      report: () => makeReport(operators.report),
      explain: (method, path, address) => explain(parts, method, path, address),
      version: packageJson.version,
      now: Date.now,
    }),
  })
  const served = {
    fetch: (request: Request, bindings: PeerBindings) => parts.app.fetch(request, bindings),
    direct: createDirect((head, bindings) => parts.atOnce(head, bindings)),
  }
  const listener = await listenForClients(served, config, recordAll)
  const adminListener = await listenForOperators(admin.fetch, config, listener)
  const where = `clients on port ${listener.port}, operators on port ${adminListener.port}`
  recordAll({ event: 'started', timeMs: Date.now(), detail: where })

  return {
    port: listener.port,
    adminPort: adminListener.port,
    record(event) {
      lastRead = event
      recordAll(event)
    },
    async take(next) {
      const made = makeNodeParts(next, { ...deps, before: parts.watching })
      const stopMade = await made.start()
      stop()
      parts = made
      stop = stopMade
    },
    async drain() {
      draining = true
      recordAll({ event: 'draining', timeMs: Date.now() })
      listener.discourage()
      // Whoever routes to us needs a moment to read `readyz`; what it still sends is answered.
      await new Promise((resolve) => setTimeout(resolve, parts.config.drainSeconds * 1000))
      await listener.close(lastRequestsMs)
      stop()
      await adminListener.close(0)
      recordAll({ event: 'stopped', timeMs: Date.now() })
    },
  }
}

function detailsOf(
  { config, ranges, keeper, upstreamHealth }: NodeParts,
  mirrors: Parameters<typeof readyDetails>[4],
): Readonly<Record<string, unknown>> {
  return {
    ...readyDetails(config, ranges.table, keeper, Date.now(), mirrors),
    upstreams: upstreamHealth.all(),
  }
}

async function explain(
  { policies, optOut, watching, passThrough, ranges }: NodeParts,
  method: string,
  path: string,
  text: string,
): Promise<readonly string[] | { readonly problem: string }> {
  const address = bareAddress(text)
  if (address === undefined) return { problem: `wanted an IPv4 or IPv6 address, got ${text}` }
  const policyFor = createPolicyFor(policies, optOut)
  const { presence } = watching
  const asked = { policyFor, presence, passThrough, locate: ranges.table.locate }
  return explanationLines(address, await explainAddress(method, path, address, asked))
}

/** The admin port, or nothing at all: a service that cannot be watched does not start. */
async function listenForOperators(
  fetchAdmin: (request: Request) => Response | Promise<Response>,
  config: Config,
  listener: Listener,
): Promise<Listener> {
  try {
    const address = { host: config.adminHost, port: config.adminPort }
    return await listen({ fetch: (request) => fetchAdmin(request) }, address)
  } catch (error) {
    await listener.close(0)
    throw error
  }
}
