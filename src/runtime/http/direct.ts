import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '../../proxy/answer.ts'
import type { AtOnce } from '../../proxy/at-once.ts'
import type { RequestHead } from '../../proxy/request-head.ts'
import type { PeerBindings } from '../node-parts.ts'
import { atEndOfTurn } from './end-of-turn.ts'

/** Answers a request of Node's by itself, or has it answered `otherwise`. */
export type Direct = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  otherwise: Respond,
) => void

/** Answers a request of Node's, sooner or later. */
export type Respond = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** An answer that is to be written. */
type Ready = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly otherwise: Respond
  readonly answer: Answer
}

/**
 * The short way for what is answered without asking anyone: from Node's request to Node's response,
 * with no Web Request, Response or stream between. It decides nothing: what it does not take, or
 * fails at, goes the way of every other request, through the app, and there ends the same.
 */
export function createDirect(atOnce: AtOnce<PeerBindings>): Direct {
  const write = atEndOfTurn(writeOne)
  return (incoming, outgoing, otherwise) => {
    const answer = answerFor(incoming, atOnce)
    if (answer === undefined) return otherwise(incoming, outgoing)
    write({ incoming, outgoing, otherwise, answer })
  }
}

function answerFor(incoming: IncomingMessage, atOnce: AtOnce<PeerBindings>): Answer | undefined {
  const head = plainHead(incoming)
  if (head === undefined) return undefined
  try {
    return atOnce(head, { incoming })
  } catch {
    return undefined
  }
}

function writeOne({ incoming, outgoing, otherwise, answer }: Ready): void {
  // Who left meanwhile is told nothing.
  if (outgoing.destroyed) return
  try {
    outgoing.writeHead(answer.status, answer.headers)
    outgoing.end(answer.body ?? undefined)
  } catch {
    otherwise(incoming, outgoing)
  }
}

/**
 * The head of a request that reads the same as Node's and as the Web's: URLs have no say in how its
 * target and its host are written.
 */
function plainHead(incoming: IncomingMessage): RequestHead | undefined {
  const { method = '', url: target = '' } = incoming
  if (!plainTarget.test(target) || target.includes('/.')) return undefined
  const head = new NodeHead(method, target, incoming.rawHeaders)
  if (!plainHost.test(head.host)) return undefined
  return method === 'GET' || method === 'HEAD' || hasNoBody(head) ? head : undefined
}

/** A push is refused as fast as a pull is answered; the app knows how to leave a body unread. */
function hasNoBody(head: RequestHead): boolean {
  const length = head.header('content-length')
  return (length === null || length === '0') && head.header('transfer-encoding') === null
}

const plainTarget = /^\/v2\/[\w!$&()*+,./:;=?@[\]~-]*$/
const plainHost = /^[a-z0-9._-]+(?::(?:[1-5]\d{3,4}|[6-9]\d{3}))?$/

/**
 * Reads single headers out of the list as it came. Several of one name are joined, as the Web has them;
 * Node's own object of them keeps only the first of some.
 */
class NodeHead implements RequestHead {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly #rawHeaders: readonly string[]

  constructor(method: string, target: string, rawHeaders: readonly string[]) {
    this.method = method
    this.target = target
    this.#rawHeaders = rawHeaders
    this.host = this.header('host') ?? 'localhost'
  }

  header(name: string): string | null {
    const headers = this.#rawHeaders
    let value: string | null = null
    for (let at = 0; at < headers.length; at += 2) {
      const each = headers[at]!
      if (each.length !== name.length || each.toLowerCase() !== name) continue
      value = value === null ? headers[at + 1]! : `${value}, ${headers[at + 1]!}`
    }
    return value
  }
}
