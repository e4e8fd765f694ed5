import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
// By its file: what is called undici on Bun is not undici, and knows no connectors.
import { Agent, buildConnector, Dispatcher1Wrapper, fetch as undiciFetch } from 'undici/index.js'
import { isPrivateHost } from '../proxy/upstream/address.ts'
import type { SendFor } from '../proxy/upstream/fetch.ts'
import { guardLookup, isPrivateAddress } from './guarded-lookup.ts'

export type GuardedFetchDeps = {
  /** Hosts, with or without a port, that may be private whoever leads to them. */
  readonly realms: ReadonlySet<string>
  /** Resolves names; default: as the system does. */
  readonly lookup?: LookupFunction
}

/**
 * Creates a `fetch` that no registry leads into a private network by a name that looks public. Hosts
 * other than the registry's own are reached at public addresses only, unless `realms` names them or
 * the registry is itself in a private network, by its name or by where it was last connected to. It
 * is the address that a connection is made to that is looked at: a name that was resolved before may
 * be another when it counts.
 */
export function createGuardedFetch(deps: GuardedFetchDeps): SendFor {
  // Each registry has its own connections: what is open for one that may is not for one that may not.
  const senders = new Map<string, Send>()

  return (url, init, registry) => {
    const send = senders.get(registry) ?? senderBy(dispatcherFor(registry, deps))
    senders.set(registry, send)
    return send(url, init)
  }
}

type Send = (url: string, init: RequestInit) => Promise<Response>
type NodeDispatcher = NonNullable<RequestInit['dispatcher']>

function senderBy(dispatcher: Dispatcher): Send {
  if (process.versions['bun'] === undefined) {
    // The types are of the older undici that Node brings, for which the wrapper is made.
    const wrapped = new Dispatcher1Wrapper(dispatcher) as unknown as NodeDispatcher
    return (url, init) => fetch(url, { ...init, dispatcher: wrapped })
  }
  // Bun's own fetch knows no dispatchers: it would be led anywhere, without a word.
  return (url, init) => undiciFetch(url, { ...init, dispatcher } as UndiciInit)
}

type UndiciInit = Parameters<typeof undiciFetch>[1]

function dispatcherFor(registry: string, deps: GuardedFetchDeps): Dispatcher {
  const { hostname: own } = new URL(registry)
  const { realms, lookup = systemLookup } = deps
  const leadsAway = (hostname: string, got: string) => {
    const wanted = `wanted an address for anyone behind ${hostname}, to which ${own} leads`
    return new Error(`${wanted}, got ${got}: relay.realms may name it`)
  }
  const open = buildConnector({ allowH2: false, lookup })
  const guarded = buildConnector({ allowH2: false, lookup: guardLookup(lookup, leadsAway) })
  // What a name resolves to is its owner's to say; who answers there, with its certificate, is not.
  let isPrivate = isPrivateHost(own)

  const connectOwn: buildConnector.connector = (options, callback) =>
    open(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      const { remoteAddress } = socket
      isPrivate =
        isPrivateHost(own) || (remoteAddress !== undefined && isPrivateAddress(remoteAddress))
      return callback(null, socket)
    })
  const connect: buildConnector.connector = (options, callback) => {
    const { hostname, port } = options
    if (hostname === own) return connectOwn(options, callback)
    const isNamed = realms.has(hostname) || realms.has(`${hostname}:${port}`)
    if (isPrivate || isNamed) return open(options, callback)
    // An address is resolved by nobody.
    if (isIP(hostname) !== 0 && isPrivateAddress(hostname)) {
      return callback(leadsAway(hostname, hostname), null)
    }
    return guarded(options, callback)
  }
  return new Agent({ connect }).compose(keepOpen)
}

/**
 * A HEAD keeps its connection. undici gives it up after each, for servers that send a body all the
 * same (undici#258); a tag that is asked for by HEAD would cost a handshake every time. Where a server
 * does so its connection breaks with the next request, which is sent once more.
 */
const keepOpen: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options.method === 'HEAD' ? { ...options, reset: false } : options, handler)
