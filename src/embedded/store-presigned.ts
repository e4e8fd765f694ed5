import type { Credentials } from './store-canonical.ts'
import { timeMsOf, verifySignature } from './store-canonical.ts'
import { StoreError } from './store-error.ts'

/** The parameters of a signature in the query, in S3's own spelling. */
export const signatureParameters = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
]

const wanted = signatureParameters.slice(0, 6)
const earlyMs = 15 * 60_000
const weekSeconds = 604_800

/** Whether a query has a signature, or a part of one. */
export function isSignedByQuery(query: URLSearchParams): boolean {
  return wanted.some((name) => query.has(name))
}

/**
 * Verifies a presigned request, and returns the region that its signature is for. Throws StoreError:
 * 403 where it is over, not yet, or not this request's, which its method is a part of.
 */
export function authenticateQuery(
  request: Request,
  credentials: Credentials,
  nowMs: number,
): string {
  const { search } = new URL(request.url)
  const query = new URLSearchParams(search.replaceAll('+', '%2B'))
  const [algorithm, credential, time, expires, names, signature] = wanted.map((name) =>
    query.get(name),
  )
  if (!algorithm || !credential || !time || !expires || !names || !signature) {
    throw malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  const [, accessKeyId, day, region] =
    /^([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request$/.exec(credential) ?? []
  if (algorithm !== 'AWS4-HMAC-SHA256' || !accessKeyId || !day || !region) {
    throw malformed('Error parsing the X-Amz-Algorithm or X-Amz-Credential parameter')
  }
  if (accessKeyId !== credentials.accessKeyId) throw new StoreError('InvalidAccessKeyId')
  checkLifetime(timeMsOf(time, day), expires, nowMs)
  const signedHeaders = names.split(';')
  if (!signedHeaders.includes('host')) throw malformed('SignedHeaders must include host')

  const signed = { time, day, region, signedHeaders, signature, payload: 'UNSIGNED-PAYLOAD' }
  const withoutSignature = search.replace(/([?&])X-Amz-Signature=[^&]*&?/, '$1')
  verifySignature(request, { ...signed, search: withoutSignature }, credentials)
  return region
}

function checkLifetime(timeMs: number, expires: string, nowMs: number): void {
  const seconds = Number(expires)
  if (!/^\d+$/.test(expires) || seconds < 1 || seconds > weekSeconds) {
    throw malformed(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  }
  if (timeMs - nowMs > earlyMs) throw new StoreError('AccessDenied', 'Request is not yet valid')
  const endMs = timeMs + seconds * 1000
  if (nowMs <= endMs) return
  throw new StoreError('AccessDenied', 'Request has expired', {
    'X-Amz-Expires': seconds,
    Expires: new Date(endMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  })
}

function malformed(message: string): StoreError {
  return new StoreError('AuthorizationQueryParametersError', message)
}
