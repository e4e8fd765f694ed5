import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { errorBody, refuse } from '../core/error.ts'
import { answerRefusal } from '../proxy/answer.ts'

/** A web-standard handler on a TCP port. */
export type Listener = {
  readonly host: string
  readonly port: number
  /** Tells clients not to send another request on their connections; new ones are still taken. */
  readonly discourage: () => void
  /** Takes no more connections, waits for the requests under way, and for no longer than `withinMs`. */
  readonly close: (withinMs: number) => Promise<void>
}

export type Handler = (request: Request, env: HttpBindings) => Response | Promise<Response>

/** Starts to listen. `host` undefined is every address, IPv6 and IPv4. Rejects where the port cannot be had. */
export async function listen(
  handler: Handler,
  address: { readonly host: string | undefined; readonly port: number },
): Promise<Listener> {
  let discouraged = false
  const respond = getRequestListener((request, env) => handler(request, env as HttpBindings), {
    // HTTP/1.0 has no Host, and health checkers send none.
    hostname: 'localhost',
    errorHandler: () => answerRefusal(refuse('NAME_INVALID', 'not a request we can read'), 'GET'),
  })
  const server = createServer({ requireHostHeader: false }, (incoming, outgoing) => {
    if (discouraged) outgoing.shouldKeepAlive = false
    void respond(incoming, outgoing)
  })
  server.on('clientError', answerClientError)
  // Load balancers keep idle connections for 60 s: closing one first would lose the request they just put on it.
  server.keepAliveTimeout = 65_000

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  const { address: host, port } = server.address() as AddressInfo
  return {
    host,
    port,
    discourage: () => (discouraged = true),
    close: (withinMs) => closeServer(server, withinMs),
  }
}

async function closeServer(server: Server, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), withinMs)
  await closed
  clearTimeout(timer)
}

/** What Node could not read as HTTP still gets an answer in the registry's own form. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 431
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 408
        : 400
  const body = errorBody(refuse('UNSUPPORTED', 'not an HTTP request we can read', status))
  socket.end(
    `HTTP/1.1 ${status} \r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** The peer's address as the socket has it. */
export function peerOf(env: { readonly incoming: IncomingMessage }): string | undefined {
  return env.incoming.socket.remoteAddress
}
