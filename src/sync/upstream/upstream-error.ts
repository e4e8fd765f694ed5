/** What kind of failure it was. `status` comes with the status itself. */
export type UpstreamErrorCode =
  | 'status'
  | 'network'
  | 'timeout'
  | 'too-large'
  | 'digest'
  | 'malformed'
  | 'stopped'
  /** The whole host: it is down, or wants to be left alone for long. */
  | 'unavailable'
  /** Its credentials cannot be found or read. */
  | 'credentials'

/**
 * An upstream did not give what was asked for. The message names the request, never a signed
 * address.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly code: UpstreamErrorCode
  /** The HTTP status where one came. */
  readonly status: number | undefined
  /** Whether asking again later may help. */
  readonly retryable: boolean

  constructor(
    code: UpstreamErrorCode,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = options.status
    this.retryable = code === 'network' || code === 'timeout' || isPassing(options.status ?? 0)
  }
}

/** Statuses that may be another one a moment later. */
export const passingStatuses = [408, 429, 500, 502, 503, 504]

function isPassing(status: number): boolean {
  return passingStatuses.includes(status)
}
