import { refuse } from '../../core/error.ts'
import { respondRefusal, responseOf } from '../../proxy/answer.ts'
import { headOf } from '../../proxy/request-head.ts'
import { withLength } from './bun-body.ts'
import type { BunServer } from './bun-server.ts'
import { serve } from './bun-server.ts'
import type { listen, Served } from './listener.ts'
import { describeFailure } from './listener.ts'
import type { PeerBindings } from '../node-parts.ts'
import { atEndOfTurn } from './end-of-turn.ts'
import type { Certificate } from './tls-certificate.ts'

/** Load balancers keep idle connections for 60 s: closing one first would lose a request put on it. */
const idleSeconds = 70

/** Bun ends a connection on which nothing comes or goes, also while an upstream is waited for. */
const longestWaitSeconds = 255

/**
 * Listens as the listener on Node does, by Bun's own server. What is known at once is answered with
 * neither Node's HTTP nor hono between: Bun answers so in two thirds of the CPU that its `node:http`
 * takes.
 *
 * Bun itself answers what it cannot read as HTTP, with 400 or 431 and no body, and so HTTP/1.1 without
 * a Host. Connections that brought no request yet end with the first moment of `close`.
 */
export const listenOnBun: typeof listen = async (served, address, certificate) => {
  let discouraged = false
  const answer = createAnswer(served)
  const answerLast = async (request: Request, server: BunServer) => {
    const response = await answer(request, server)
    response.headers.set('Connection', 'close')
    return response
  }
  const open = (port: number, shown: Certificate | undefined, reusePort: boolean) =>
    serve({
      hostname: address.host,
      port,
      idleTimeout: idleSeconds,
      // What is uploaded is refused in the registry's own form, whatever its size. Nobody reads it.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      reusePort,
      tls: shown && { cert: shown.cert, key: shown.key },
      fetch: (request, server) =>
        discouraged ? answerLast(request, server) : answer(request, server),
      error: () => respondRefusal(refuse('NAME_INVALID', 'not a request we can read'), 'GET'),
    })

  let server: BunServer
  try {
    server = open(address.port, certificate, false)
    if (certificate !== undefined) {
      // A certificate is renewed by a second server on the port, which has to be shared for that from
      // the start; whether it is another's only a server that does not share it finds out.
      const { port } = server
      await server.stop(true)
      server = open(port, certificate, true)
    }
  } catch (error) {
    throw describeFailure(error as NodeJS.ErrnoException, address)
  }
  const opened = [server]
  return {
    // Bun calls every address localhost.
    host: address.host ?? '::',
    port: server.port,
    discourage: () => (discouraged = true),
    async close(withinMs) {
      const timer = setTimeout(() => void stopAll(opened, true), withinMs)
      await stopAll(opened, false)
      clearTimeout(timer)
    },
    showCertificate(next) {
      // First the new one: what fails leaves the old one as it is.
      const old = opened.at(-1)!
      opened.push(open(old.port, next, true))
      void old.stop()
    },
  }
}

async function stopAll(servers: readonly BunServer[], isNow: boolean): Promise<void> {
  await Promise.all(servers.map((server) => server.stop(isNow)))
}

type Ready = { readonly response: Response; readonly resolve: (response: Response) => void }

function createAnswer({ fetch, atOnce }: Served) {
  const answerTogether = atEndOfTurn(({ response, resolve }: Ready) => resolve(response))
  return (asked: Request, server: BunServer): Response | Promise<Response> => {
    const request = absolute(asked)
    const isHead = asked.method === 'HEAD'
    const peer = new Peer(asked, server)
    try {
      const known = atOnce?.(headOf(request), peer)
      if (known !== undefined) {
        const response = isHead ? dated(responseOf(known)) : responseOf(known)
        return new Promise((resolve) => answerTogether({ response, resolve }))
      }
    } catch {
      // It goes the way of every other request, and there ends the same.
    }
    server.timeout(asked, longestWaitSeconds)
    const answered = Promise.resolve(fetch(request, peer))
    return answered.then(isHead ? dated : withLength)
  }
}

/** Bun's answers to HEAD have no Date, which RFC 9110, section 6.6.1, wants of whoever has a clock. */
function dated(response: Response): Response {
  response.headers.set('Date', new Date().toUTCString())
  return response
}

/**
 * The same request with an absolute URL: without a Host that can be read there is none. HTTP/1.0 has
 * no Host, and health checkers send none. Throws for what no Request can be made of.
 */
function absolute(request: Request): Request {
  // CONNECT names a host alone, and no Request can be made of it.
  return request.url.startsWith('http') || request.method === 'CONNECT'
    ? request
    : new Request(`http://localhost${request.url}`, {
        method: request.method,
        headers: request.headers,
      })
}

/** Where a request comes from, asked of Bun only where the configuration takes it from there. */
class Peer implements PeerBindings {
  readonly #request: Request
  readonly #server: BunServer

  constructor(request: Request, server: BunServer) {
    this.#request = request
    this.#server = server
  }

  get incoming() {
    return { socket: this }
  }

  get remoteAddress(): string | undefined {
    return this.#server.requestIP(this.#request)?.address
  }
}
