import { parseByteRange } from './byte-range.ts'
import type { Bytes } from './repository.ts'

/**
 * The codes of the OCI error table that a pull can meet, with the statuses that distribution gives
 * them.
 */
const statuses = {
  BLOB_UNKNOWN: 404,
  MANIFEST_UNKNOWN: 404,
  NAME_UNKNOWN: 404,
  NAME_INVALID: 400,
  DIGEST_INVALID: 400,
  PAGINATION_NUMBER_INVALID: 400,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  RANGE_INVALID: 416,
  UNKNOWN: 500,
  UNAVAILABLE: 503,
} as const

export type RegistryErrorCode = keyof typeof statuses

/** An answer with the OCI spec's error body. Also what a test's intercept answers with. */
export function registryError(
  code: RegistryErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return json({ errors: [{ code, message }] }, headers, statuses[code])
}

/** A JSON answer whose length is told. */
export function json(
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Response {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  return new Response(bytes, {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': String(bytes.byteLength),
      ...headers,
    },
  })
}

/**
 * The bytes of a blob or manifest, or one range of them (206, or 416), with the headers OCI asks
 * for.
 */
export function content(
  request: Request,
  bytes: Bytes,
  headers: { readonly mediaType: string; readonly digest: string },
): Response {
  const etag = `"${headers.digest}"`
  const common = {
    'Content-Type': headers.mediaType,
    'Docker-Content-Digest': headers.digest,
    'Accept-Ranges': 'bytes',
    ETag: etag,
  }
  const size = bytes.byteLength
  // A part of something else is not wanted (RFC 9110 §13.1.5).
  const isOfThis = (request.headers.get('if-range') ?? etag) === etag
  const range = parseByteRange(isOfThis ? request.headers.get('range') : null, size)
  switch (range.kind) {
    case 'whole':
      return new Response(bytes, { headers: { ...common, 'Content-Length': String(size) } })
    case 'unsatisfiable':
      return registryError('RANGE_INVALID', `the content has ${size} bytes`, {
        'Content-Range': `bytes */${size}`,
      })
    case 'part': {
      const part = bytes.subarray(range.first, range.last + 1)
      return new Response(part, {
        status: 206,
        headers: {
          ...common,
          'Content-Length': String(part.byteLength),
          'Content-Range': `bytes ${range.first}-${range.last}/${size}`,
        },
      })
    }
  }
}
