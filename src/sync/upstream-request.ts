import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { interceptors, request } from 'undici'
import { startDeadline } from './deadline.ts'
import type { Patience } from './retry-policy.ts'
import { retryAfterMs, retryPolicy } from './retry-policy.ts'
import { UpstreamError } from './upstream-error.ts'

/** How requests leave: the dispatcher is an undici Agent, or a test's. */
export type RequestSettings = {
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly stop: AbortSignal
  readonly now: () => number
}

export type UpstreamRequest = {
  readonly method: 'GET' | 'HEAD'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Statuses that are an answer and not a failure, beside 200. */
  readonly expected?: readonly number[]
  /** Overrides the usual deadline, in milliseconds. */
  readonly deadlineMs?: number
}

export type UpstreamAnswer = {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: Readable
}

/**
 * Sends one request: redirects are followed (Authorization stays with the host it was meant for),
 * what may pass is tried again, and a body that breaks off is resumed with Range. Throws
 * UpstreamError for every other status and for every failure until the headers are there.
 */
export async function sendRequest(
  asked: UpstreamRequest,
  settings: RequestSettings,
): Promise<UpstreamAnswer> {
  const { dispatcher, patience, stop, now } = settings
  const startMs = now()
  let tries = 1
  const retry = retryPolicy(patience, (failed) => (tries = failed))
  const spent = () => `${tries} ${tries === 1 ? 'try' : 'tries'} in ${seconds(now() - startMs)}`
  const { signal, end } = startDeadline(asked.deadlineMs ?? patience.deadlineMs, stop)

  let response: Dispatcher.ResponseData
  try {
    response = await request(asked.url, {
      method: asked.method,
      // No transfer coding may change the length or the digest.
      headers: { 'accept-encoding': 'identity', ...asked.headers },
      signal,
      // The last is the outermost: every try starts at the upstream again, where a signed address
      // is made anew.
      dispatcher: dispatcher.compose(
        interceptors.redirect({ maxRedirections: 5, throwOnMaxRedirect: true }),
        interceptors.retry(retry),
      ),
    })
  } catch (error) {
    end()
    throw describeFailure(error, asked, spent(), settings)
  }

  const { statusCode: status, headers, body } = response
  // Whoever does not read it to its end destroys it, and that is no event.
  body.on('error', () => {})
  // The deadline holds for the body too.
  body.once('close', end)
  if (asked.method === 'HEAD') void body.dump().catch(() => {})
  if (status === 200 || asked.expected?.includes(status) === true) {
    return { status, header: (name) => single(headers[name.toLowerCase()]), body }
  }
  // Read away, so that the connection serves again.
  void body.dump().catch(() => {})
  throw new UpstreamError('status', `upstream answered ${status} to ${nameOf(asked)}`, { status })
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
export function nameOf({ method, url }: UpstreamRequest): string {
  return `${method} ${url.split('?', 1)[0]}`
}

function describeFailure(
  error: unknown,
  asked: UpstreamRequest,
  spent: string,
  { patience, stop }: RequestSettings,
): UpstreamError {
  if (stop.aborted) {
    return new UpstreamError('stopped', `stopped in ${nameOf(asked)}`, { cause: error })
  }
  const { statusCode } = error as { readonly statusCode?: number }
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
  const { name, code } = error as { readonly name?: string; readonly code?: string }
  return name === 'TimeoutError' || code?.endsWith('TIMEOUT') === true
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
