import { getRequestListener } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { refuse } from '../../core/error.ts'
import { respondRefusal } from '../../proxy/answer.ts'
import type { Respond } from './direct.ts'

/** Answers with Web standards' Request and Response. */
export type Handler = (request: Request, env: HttpBindings) => Response | Promise<Response>

/** Has a handler of Web Requests answer Node's. */
export function createWebResponder(handler: Handler): Respond {
  const respond = getRequestListener((request, env) => handler(request, env as HttpBindings), {
    // HTTP/1.0 has no Host, and health checkers send none.
    hostname: 'localhost',
    errorHandler: () => respondRefusal(refuse('NAME_INVALID', 'not a request we can read'), 'GET'),
  })
  return (incoming, outgoing) => void respond(incoming, outgoing)
}
