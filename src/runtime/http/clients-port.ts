import type { Config } from '../../config.ts'
import type { ServiceEvent } from '../../core/event.ts'
import type { AtOnce } from '../../proxy/at-once.ts'
import { createDirect } from './direct.ts'
import { listen } from './listen.ts'
import type { Listener, Served } from './listener.ts'
import type { NodeParts, PeerBindings } from '../node-parts.ts'

/** Where clients come in. */
export type ClientsPort = Pick<Listener, 'port' | 'discourage' | 'close'> & {
  /** Of the processes that answer there how many do so now, where they are others than this one. */
  readonly processes?: () => Processes
}

/** Processes that answer clients: those that do so now, and as many as there should be. */
export type Processes = { readonly listening: number; readonly of: number }

export type ClientsPortDeps = {
  /** What answers there: always the parts that are in use just then. */
  readonly parts: () => NodeParts
  /** Where to listen. */
  readonly config: Config
  /** Resolves when they are loaded: before, nobody is to be answered with them. */
  readonly started: Promise<void>
  /** To be told of what happens there. */
  readonly record: (event: ServiceEvent) => void
  /** To be told of what another process has recorded, and is to be counted here. */
  readonly count: (event: ServiceEvent) => void
}

/** How long a request that is under way at the end of a drain may still take. */
export const lastRequestsMs = 30_000

/** Opens the clients' port, with TLS where it is configured. Rejects where it cannot be had so. */
export async function openClientsPort({
  parts,
  config: { host, port, tls },
  started,
  record,
}: Omit<ClientsPortDeps, 'count'>): Promise<Listener> {
  await started
  const served = serve(parts)
  if (tls === undefined) return listen(served, { host, port })
  const { listenWithTls } = await import('./tls-listener.ts')
  return listenWithTls(served, { host, port }, tls, record)
}

function serve(parts: () => NodeParts): Served {
  const atOnce: AtOnce<PeerBindings> = (head, peer) => parts().atOnce(head, peer)
  return {
    fetch: (request, bindings) => parts().app.fetch(request, bindings),
    direct: createDirect(atOnce),
    atOnce,
  }
}
