import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { startDeadline } from '../deadline.ts'
import type { Patience } from './retry-policy.ts'
import { retryAfterMs, retryPolicy } from './retry-policy.ts'
import type { Authority } from './upstream-auth.ts'
import { UpstreamError } from './upstream-error.ts'
import { chainOf } from './upstream-chain.ts'
import type { Trip, TripOptions } from './upstream-trip.ts'

/** How requests leave: the dispatcher is that of the run, or a test's. */
export type RequestSettings = {
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly stop: AbortSignal
  readonly now: () => number
  /** What makes the Authorization of requests that name a scope; default: they have none. */
  readonly authority?: Authority | undefined
  /** Hears of each request that left the machine: every try, and every hop of a redirect. */
  readonly onSent?: (() => void) | undefined
}

export type UpstreamRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Statuses that are an answer and not a failure, beside 200. */
  readonly expected?: readonly number[]
  /** Overrides the usual deadline, in milliseconds. */
  readonly deadlineMs?: number
  /** What a token must allow for it, as in `repository:team/app:pull`. */
  readonly scope?: string
  /** It asks for a token: its host is not the registry that it counts for. */
  readonly isToken?: boolean
}

export type UpstreamAnswer = {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: Readable
}

/**
 * Sends one request: redirects are followed (Authorization stays with the origin it was meant for),
 * what may pass is tried again, a body that breaks off is resumed with Range, and a 401 is met once
 * with what it asks for. Throws UpstreamError for every other status and for every failure until
 * the headers are there.
 */
export async function sendRequest(
  asked: UpstreamRequest,
  settings: RequestSettings,
): Promise<UpstreamAnswer> {
  const { authority } = settings
  const { scope } = asked
  if (authority === undefined || scope === undefined) return sendOnce(asked, settings)

  await authority.prepare()
  let used: string | undefined
  const authorize = () => {
    const header = authority.header(scope)
    if (!(header instanceof Promise)) return (used = header)
    return header.then((renewed) => (used = renewed))
  }
  const expected = [...(asked.expected ?? []), 401]
  const answer = await sendOnce({ ...asked, expected }, settings, authorize)
  if (answer.status !== 401) return answer

  discard(answer.body)
  const why = await authority.meet(scope, used, answer.header('www-authenticate'))
  if (why === undefined) return sendOnce(asked, settings, authorize)
  throw new UpstreamError('status', `upstream answered 401 to ${nameOf(asked)}${why}`, {
    status: 401,
  })
}

async function sendOnce(
  asked: UpstreamRequest,
  settings: RequestSettings,
  authorize?: Trip['authorize'],
): Promise<UpstreamAnswer> {
  const { dispatcher, patience, stop, now, onSent } = settings
  const startMs = now()
  let tries = 1
  const deadline = startDeadline(asked.deadlineMs ?? patience.deadlineMs, stop)
  const retryOptions = retryPolicy(patience, (failed) => (tries = failed), deadline)
  const spent = () => `${tries} ${tries === 1 ? 'try' : 'tries'} in ${seconds(now() - startMs)}`
  const { origin, pathname, search } = new URL(asked.url)
  const isToken = asked.isToken === true
  const options: TripOptions & { readonly retryOptions: object } = {
    origin,
    path: pathname + search,
    method: asked.method,
    // No transfer coding may change the length or the digest.
    headers: { 'accept-encoding': 'identity', 'user-agent': 'nearport', ...asked.headers },
    body: asked.body ?? null,
    signal: deadline.signal,
    // Of its own accord undici closes the connection after every HEAD, and a walk is made of them.
    reset: false,
    retryOptions,
    trip: { deadline, upstream: origin, isToken, authorize, onSent },
  }

  let response: Dispatcher.ResponseData
  try {
    response = await chainOf(dispatcher).request(options)
  } catch (error) {
    deadline.end()
    throw describeFailure(error, asked, spent(), settings)
  }

  const { statusCode: status, headers, body } = response
  // Whoever does not read it to its end destroys it, and that is no event.
  body.on('error', () => {})
  // The deadline holds for the body too.
  body.once('close', deadline.end)
  if (asked.method === 'HEAD') discard(body)
  if (status === 200 || asked.expected?.includes(status) === true) {
    return { status, header: (name) => single(headers[name.toLowerCase()]), body }
  }
  discard(body)
  throw new UpstreamError('status', `upstream answered ${status} to ${nameOf(asked)}`, { status })
}

/** Reads a body away, so that the connection serves again; one that is long is broken off. */
export function discard(body: Readable): void {
  void (body as Dispatcher.ResponseData['body']).dump().catch(() => {})
}

/**
 * The whole of a body, at most `limitBytes`. Throws UpstreamError when it is longer or breaks off.
 */
export async function readBody(
  asked: UpstreamRequest,
  answer: UpstreamAnswer,
  limitBytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of answer.body) {
      length += (chunk as Buffer).length
      if (length > limitBytes) {
        throw new UpstreamError(
          'too-large',
          `wanted at most ${limitBytes} bytes from ${nameOf(asked)}, got more`,
        )
      }
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    throw describeBrokenBody(error, asked)
  }
  return Buffer.concat(chunks)
}

/** What a body's failure is called: it broke off, or its deadline passed. */
export function describeBrokenBody(error: unknown, asked: UpstreamRequest): UpstreamError {
  if (error instanceof UpstreamError) return error
  const code = isTimeout(error) ? 'timeout' : 'network'
  return new UpstreamError(
    code,
    `upstream's answer to ${nameOf(asked)} broke off: ${reasonOf(error)}`,
    {
      cause: error,
    },
  )
}

/** `GET http://host/v2/…`, without the query. */
export function nameOf({ method, url }: Pick<UpstreamRequest, 'method' | 'url'>): string {
  return `${method} ${url.split('?', 1)[0]}`
}

function describeFailure(
  error: unknown,
  asked: UpstreamRequest,
  spent: string,
  { patience, stop }: RequestSettings,
): UpstreamError {
  // A token that could not be had, or a host that is down: said already.
  if (error instanceof UpstreamError) return error
  if (stop.aborted) {
    return new UpstreamError('stopped', `stopped in ${nameOf(asked)}`, { cause: error })
  }
  const { statusCode } = error as { readonly statusCode?: number }
  // undici holds answers to a range against their Content-Range.
  if (statusCode !== undefined && statusCode < 300) {
    const message = `upstream answered ${statusCode} to ${nameOf(asked)}: ${reasonOf(error)}`
    return new UpstreamError('malformed', message, { cause: error })
  }
  if (statusCode !== undefined) {
    const pauseMs = retryAfterMs(error) ?? 0
    const tooLong =
      pauseMs > patience.longestPauseMs ? ` and wants ${seconds(pauseMs)} without requests` : ''
    const message = `upstream answered ${statusCode} to ${nameOf(asked)} (${spent})${tooLong}`
    return new UpstreamError('status', message, { status: statusCode, cause: error })
  }
  if (isTimeout(error)) {
    const message = `upstream did not answer ${nameOf(asked)} in time (${spent})`
    return new UpstreamError('timeout', message, { cause: error })
  }
  const message = `upstream could not be asked ${nameOf(asked)}: ${reasonOf(error)} (${spent})`
  return new UpstreamError('network', message, { cause: error })
}

function isTimeout(error: unknown): boolean {
  // A DOMException's code is a number.
  const { name, code } = error as { readonly name?: string; readonly code?: unknown }
  return name === 'TimeoutError' || (typeof code === 'string' && code.endsWith('TIMEOUT'))
}

/** An AggregateError of several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return message || code || String(error)
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))} s`
}
