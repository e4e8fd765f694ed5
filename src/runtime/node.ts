import type { Config } from '../config.ts'
import type { ConfigEvent, ServiceEvent } from '../core/event.ts'
import type { AdminShown, createAdmin } from './admin.ts'
import type { ClientsPort, ClientsPortDeps } from './http/clients-port.ts'
import { lastRequestsMs, openClientsPort } from './http/clients-port.ts'
import type { Listener } from './http/listener.ts'
import { listen } from './http/listen.ts'
import { createOperators } from './operators.ts'
import { createPartsInUse } from './parts-in-use.ts'

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

/**
 * Starts nearport on Node. Rejects where a port cannot be had, or where the environment lacks the
 * credentials that the configuration names; nothing else outside can stop it from starting.
 * `openClients`: what opens the clients' port, where that is not to be done in this process.
 */
export async function startService(
  config: Config,
  record: (event: ServiceEvent) => void,
  env: Readonly<Record<string, string | undefined>> = process.env,
  openClients: (deps: ClientsPortDeps) => Promise<ClientsPort> = openClientsPort,
): Promise<Service> {
  const parts = createPartsInUse(config, { record: (event) => recordAll(event), env })
  const operators = createOperators({ shown: parts.current, now: Date.now })
  const recordAll = (event: ServiceEvent) => {
    operators.record(event)
    record(event)
  }
  const started = parts.start()

  let draining = false
  let lastRead: ConfigEvent | undefined
  const fetchAdmin = createLateAdmin({
    parts: parts.current,
    operators,
    isDraining: () => draining,
    lastRead: () => lastRead,
    processes: () => clients.processes?.(),
  })
  const clients = await openClients({
    parts: parts.current,
    config,
    started,
    record: recordAll,
    count(event) {
      parts.current().watching.hear(event)
      operators.record(event)
    },
  })
  const adminListener = await listenForOperators(fetchAdmin, config, clients)
  const where = `clients on port ${clients.port}, operators on port ${adminListener.port}`
  const processes = clients.processes && { processes: clients.processes().of }
  recordAll({ event: 'started', timeMs: Date.now(), detail: where, ...processes })

  return {
    port: clients.port,
    adminPort: adminListener.port,
    record(event) {
      lastRead = event
      recordAll(event)
    },
    take: parts.take,
    async drain() {
      draining = true
      recordAll({ event: 'draining', timeMs: Date.now() })
      clients.discourage()
      // Whoever routes to us needs a moment to read `readyz`; what it still sends is answered.
      await new Promise((resolve) =>
        setTimeout(resolve, parts.current().config.drainSeconds * 1000),
      )
      await clients.close(lastRequestsMs)
      parts.stop()
      await adminListener.close(0)
      recordAll({ event: 'stopped', timeMs: Date.now() })
    },
  }
}

/**
 * What answers on the admin port, loaded when it is first asked: clients are not to wait for the page
 * that operators see, its report and what renders it.
 */
function createLateAdmin(shown: AdminShown): (request: Request) => Promise<Response> {
  let loading: Promise<ReturnType<typeof createAdmin>> | undefined
  const load = async () => (await import('./admin.ts')).createAdmin(shown)
  return async (request) => {
    loading ??= load()
    return (await loading).fetch(request)
  }
}

/** The admin port, or nothing at all: a service that cannot be watched does not start. */
async function listenForOperators(
  fetchAdmin: (request: Request) => Response | Promise<Response>,
  config: Config,
  clients: Pick<Listener, 'close'>,
): Promise<Listener> {
  try {
    const address = { host: config.adminHost, port: config.adminPort }
    return await listen({ fetch: (request) => fetchAdmin(request) }, address)
  } catch (error) {
    await clients.close(0)
    throw error
  }
}
