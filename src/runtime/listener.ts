import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Server as NetServer } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { errorBody, refuse } from '../core/error.ts'
import { respondRefusal } from '../proxy/answer.ts'
import type { Direct } from './direct.ts'
import type { Certificate } from './tls-certificate.ts'

/** A web-standard handler on a TCP port. */
export type Listener = {
  readonly host: string
  readonly port: number
  /** Tells clients not to send another request on their connections; new ones are still taken. */
  readonly discourage: () => void
  /**
   * Takes no more connections, waits for the requests under way, and for no longer than `withinMs`.
   */
  readonly close: (withinMs: number) => Promise<void>
  /**
   * Shows another certificate to whoever connects from now on; connections that are there stay. For a
   * port that has one.
   */
  readonly showCertificate: (certificate: Certificate) => void
}

export type Handler = (request: Request, env: HttpBindings) => Response | Promise<Response>

/** What answers on a port. */
export type Served = {
  readonly fetch: Handler
  /** Asked first, where there is one. */
  readonly direct?: Direct | undefined
}

/**
 * Starts to listen, with TLS where there is a certificate. `host` undefined is every address, IPv6 and
 * IPv4. Rejects where the port cannot be had.
 */
export async function listen(
  { fetch, direct }: Served,
  address: { readonly host: string | undefined; readonly port: number },
  certificate?: Certificate,
): Promise<Listener> {
  let discouraged = false
  const respond = getRequestListener((request, env) => fetch(request, env as HttpBindings), {
    // HTTP/1.0 has no Host, and health checkers send none.
    hostname: 'localhost',
    errorHandler: () => respondRefusal(refuse('NAME_INVALID', 'not a request we can read'), 'GET'),
  })
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (discouraged) outgoing.shouldKeepAlive = false
    if (direct?.(incoming, outgoing) !== true) void respond(incoming, outgoing)
  }
  const { server, showCertificate } = createServerFor(answer, certificate)
  server.on('clientError', answerClientError)
  // An expectation that nobody knows is no reason to answer in another form than ever.
  server.on('checkExpectation', answer)
  server.on('connect', (_incoming, socket: Socket) => socket.end(rawAnswer(405)))
  // Load balancers keep idle connections for 60 s: closing one first would lose the request they
  // just put on it.
  server.keepAliveTimeout = 65_000

  await new Promise<void>((resolve, reject) => {
    // It stays for as long as the server does: an error of a later connection must not end the process.
    server.on('error', (cause: NodeJS.ErrnoException) => reject(describeFailure(cause, address)))
    server.listen(address.port, address.host, resolve)
  })
  const { address: host, port } = server.address() as AddressInfo
  return {
    host,
    port,
    discourage: () => (discouraged = true),
    close: (withinMs) => closeServer(server, withinMs),
    showCertificate,
  }
}

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/**
 * How long a client may take to agree on TLS. Until then http knows nothing of its connection, and the
 * end of the server waits for it.
 */
const handshakeMs = 10_000

function createServerFor(
  answer: Answer,
  certificate: Certificate | undefined,
): { readonly server: Server; readonly showCertificate: Listener['showCertificate'] } {
  const options = { requireHostHeader: false }
  if (certificate === undefined) {
    return { server: createServer(options, answer), showCertificate: refuseCertificate }
  }
  const { cert, key } = certificate
  const server = createTlsServer({ ...options, cert, key, handshakeTimeout: handshakeMs }, answer)
  return { server, showCertificate: (next) => server.setSecureContext(next) }
}

function refuseCertificate(): never {
  throw new Error('wanted a port with TLS to show a certificate, got one without')
}

function describeFailure(
  cause: NodeJS.ErrnoException,
  { host, port }: { readonly host: string | undefined; readonly port: number },
): Error {
  const where = `port ${port} of ${host ?? 'every address'}`
  if (cause.code === 'EADDRINUSE') return new Error(`${where} is taken (${cause.code})`, { cause })
  return new Error(`${where} cannot be listened on: ${cause.message}`, { cause })
}

/** How long a connection that was just made has to bring its request before the end. */
const firstRequestMs = 250

async function closeServer(server: Server, withinMs: number): Promise<void> {
  // Not http's own close, which also ends connections whose first request is still on its way.
  const closed = new Promise<void>((resolve) =>
    NetServer.prototype.close.call(server, () => resolve()),
  )
  const idle = setInterval(() => server.closeIdleConnections(), firstRequestMs)
  const timer = setTimeout(() => server.closeAllConnections(), withinMs)
  await closed
  clearInterval(idle)
  clearTimeout(timer)
}

/** What Node could not read as HTTP still gets an answer in the registry's own form. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Who does not speak TLS could not read what we say with it.
  if (/^(?:ECONNRESET$|ERR_SSL_|ERR_TLS_)/.test(error.code ?? '') || !socket.writable) {
    socket.destroy()
    return
  }
  socket.end(rawAnswer(clientErrorStatus(error.code)))
}

function clientErrorStatus(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}

function rawAnswer(status: number): string {
  const body = errorBody(refuse('UNSUPPORTED', 'not a request that this registry reads', status))
  const allow = status === 405 ? 'Allow: GET, HEAD\r\n' : ''
  return (
    `HTTP/1.1 ${status} \r\nContent-Type: application/json\r\n${allow}` +
    `X-Nearport-Reason: refused\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}

/** The peer's address as the socket has it. */
export function peerOf(env: { readonly incoming: IncomingMessage }): string | undefined {
  return env.incoming.socket.remoteAddress
}
