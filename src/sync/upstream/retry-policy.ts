import type { RetryHandler } from 'undici'
import type { Deadline } from '../deadline.ts'
import { passingStatuses } from './upstream-error.ts'

/** How patient a client is. Times in milliseconds. */
export type Patience = {
  /** Tries in all, the first among them. */
  readonly tries: number
  /** The pause before the second try; it doubles with each. */
  readonly firstPauseMs: number
  /** No pause is longer: who asks for a longer one with Retry-After is not asked again. */
  readonly longestPauseMs: number
  /** How long one small request may take, all its tries together, the pauses not counted. */
  readonly deadlineMs: number
}

export const usualPatience: Patience = {
  tries: 4,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
  deadlineMs: 180_000,
}

/**
 * Failures of the way to a host. A request that never arrived, or whose answer broke off, is safe
 * to send again.
 */
const passingCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

/** Whether an error of the network may be gone a moment later. */
export function isPassingFailure(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: string }
  return code !== undefined && passingCodes.has(code)
}

/**
 * The policy of undici's retry interceptor for one request. `onTry` hears the number of each try
 * that failed. The pauses are jittered, so that clients refused together do not come back together.
 */
export function retryPolicy(
  patience: Patience,
  onTry: (tries: number) => void,
  deadline?: Deadline,
): RetryHandler.RetryOptions {
  return {
    // Of the interceptor's own, since what it does not list it hands on at once.
    statusCodes: passingStatuses,
    retry: (error, { state, opts }, callback) => {
      onTry(state.counter)
      const { statusCode } = error as RetryError
      const passes =
        statusCode === undefined ? isPassingFailure(error) : passingStatuses.includes(statusCode)
      if (!passes || state.counter >= patience.tries) return callback(error)

      const asked = retryAfterMs(error)
      // To come back sooner than one was told to is no way to be let in.
      if (asked !== undefined && asked > patience.longestPauseMs) return callback(error)
      const doubled = patience.firstPauseMs * 2 ** (state.counter - 1)
      const pauseMs = asked ?? doubled * (0.5 + Math.random() / 2)
      const { signal } = opts as { readonly signal?: AbortSignal }
      deadline?.pause()
      const end = (reason: Error | null) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        deadline?.resume()
        callback(reason)
      }
      const onAbort = () => end(error)
      const timer = setTimeout(() => end(null), Math.min(pauseMs, patience.longestPauseMs))
      // undici hears of it too, but not where no try came as far as a connection.
      signal?.addEventListener('abort', onAbort, { once: true })
      return timer
    },
  }
}

type RetryError = Error & {
  readonly statusCode?: number
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/**
 * For how long an answer wants no requests, in milliseconds; undefined where it does not say.
 * Retry-After is seconds or a date (RFC 9110 §10.2.3).
 */
export function retryAfterMs(error: unknown): number | undefined {
  return parseRetryAfterMs((error as RetryError).headers?.['retry-after'])
}

/** The same of the header's value. */
export function parseRetryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
