/**
 * The error codes we answer with, and their statuses. The codes are the OCI distribution spec's
 * table (and the ones the distribution registry added beside it); the statuses are the distribution
 * registry's.
 */
export const errorStatus = {
  BLOB_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  RANGE_INVALID: 416,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const

/** A code of the distribution spec's error body. */
export type ErrorCode = keyof typeof errorStatus

/**
 * A request that gets an error: what the client is told. `status` is the code's own unless a case
 * needs another.
 */
export type Refusal = {
  readonly kind: 'refusal'
  readonly code: ErrorCode
  readonly status: number
  readonly message: string
}

/** A refusal with the code's usual status, or with `status` where the spec wants another. */
export function refuse(code: ErrorCode, message: string, status?: number): Refusal {
  return { kind: 'refusal', code, status: status ?? errorStatus[code], message }
}

/** The body of an error as every registry client reads it: `{"errors":[{"code","message"}]}`. */
export function errorBody(refusal: Refusal): string {
  // The code is one of ours and needs no quoting: the text alone takes half of what an object does.
  return `{"errors":[{"code":"${refusal.code}","message":${JSON.stringify(refusal.message)}}]}`
}

/**
 * A client's own text made fit for a message: quoted, and no longer than 64 characters. Three dots say that
 * there was more: one character for them would not be ASCII, and Node writes such a body apart from its
 * head, for a fifth of a redirect's CPU (`npm run bench -- answers`).
 */
export function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text)
}
