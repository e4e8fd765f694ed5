import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Server as NetServer } from 'node:net'
import { errorBody, refuse } from '../../core/error.ts'
import type { AtOnce } from '../../proxy/at-once.ts'
import type { Direct } from './direct.ts'
import { createLateResponder } from './late-responder.ts'
import type { PeerBindings } from '../node-parts.ts'
import type { Certificate } from './tls-certificate.ts'

// An import reads every export that Node's http has, of which some are of undici, which it loads for
// that: 70 ms of CPU and 15 MB, twice as much as all else that a bare server takes to its first answer.
const { createServer } = process.getBuiltinModule('node:http')

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

/** What answers on a port. */
export type Served = {
  readonly fetch: (request: Request, peer: PeerBindings) => Response | Promise<Response>
  /** On Node asked first, where there is one. */
  readonly direct?: Direct | undefined
  /** The same for a server of another kind. */
  readonly atOnce?: AtOnce<PeerBindings> | undefined
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
  const respond = createLateResponder(fetch)
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (discouraged) outgoing.shouldKeepAlive = false
    if (direct === undefined) respond(incoming, outgoing)
    else direct(incoming, outgoing, respond)
  }
  const { server, showCertificate } = createServerFor(answer, certificate)
  server.on('clientError', answerClientError)
  // An expectation that nobody knows is no reason to answer in another form than ever.
  server.on('checkExpectation', answer)
  server.on('connect', (_incoming, socket: Socket) => socket.end(rawAnswer(405)))

  await new Promise<void>((resolve, reject) => {
    // It stays for as long as the server does: an error of a later connection must not end the process.
    server.on('error', (cause: NodeJS.ErrnoException) => reject(describeFailure(cause, address)))
    server.listen({ ...address, backlog }, resolve)
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

/** How the port behaves to load balancers before it, and to the open network. */
const options = {
  // Answered as every other, by the app.
  requireHostHeader: false,
  // No stream is set up for the body that a GET has not.
  optimizeEmptyRequests: true,
  // Load balancers keep idle connections for 60 s: closing one first would lose the request they
  // just put on it.
  keepAliveTimeout: 65_000,
  // Who sends a line an hour holds a connection no longer than this; nobody sends a body that counts.
  headersTimeout: 60_000,
  requestTimeout: 60_000,
  // Credentials that are passed through are the largest that a registry's clients send.
  maxHeaderSize: 16 * 1024,
}

/**
 * Connections that the kernel holds until they are taken: as many as its own limit lets it
 * (net.core.somaxconn, 4096 unless it is raised). Where that is full it drops and resets: of the 115,000
 * connections of `npm run bench -- storm`, on a core that was busy with other things, 12,349 came to
 * nothing with 4096, and none with as many as came.
 */
const backlog = 65_535

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
  if (certificate === undefined) {
    return { server: createServer(options, answer), showCertificate: refuseCertificate }
  }
  const { cert, key } = certificate
  // Node's TLS is as large as its HTTP, and only a port that has a certificate is to load it.
  const { createServer: createTlsServer } = process.getBuiltinModule('node:https')
  const server = createTlsServer({ ...options, cert, key, handshakeTimeout: handshakeMs }, answer)
  return { server, showCertificate: (next) => server.setSecureContext(next) }
}

function refuseCertificate(): never {
  throw new Error('wanted a port with TLS to show a certificate, got one without')
}

/** What went wrong with a port, by its number. */
export function describeFailure(
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
