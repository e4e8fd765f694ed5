import type { Credentials } from './store-canonical.ts'
import { timeMsOf, verifySignature } from './store-canonical.ts'
import { StoreError } from './store-error.ts'
import { authenticateQuery, isSignedByQuery } from './store-presigned.ts'

export type { Credentials }

/** Who asks: the owner, with the region that the signature is for, or anyone. */
export type Caller =
  | { readonly kind: 'owner'; readonly region: string }
  | { readonly kind: 'anyone' }

const skewMs = 15 * 60_000
const scheme =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/

/**
 * Verifies Signature Version 4, in the Authorization header or in the query, as the S3 API reference
 * describes it under "Authenticating Requests". The payload's hash is taken at its word here:
 * `readBody` holds the body against it. Throws StoreError; no signature is no error.
 */
export function authenticate(request: Request, credentials: Credentials, nowMs: number): Caller {
  const { search, searchParams } = new URL(request.url)
  const authorization = request.headers.get('authorization')
  if (isSignedByQuery(searchParams)) {
    if (authorization !== null) {
      throw new StoreError('InvalidArgument', 'Only one auth mechanism allowed')
    }
    return { kind: 'owner', region: authenticateQuery(request, credentials, nowMs) }
  }
  if (authorization === null) return { kind: 'anyone' }
  // S3 refuses a registry's token so, where a client carries it over a redirect.
  if (!authorization.startsWith('AWS4-')) {
    throw new StoreError('InvalidArgument', 'Unsupported Authorization Type')
  }

  const [, accessKeyId, day, region, names, signature] = authorization.match(scheme) ?? []
  if (!accessKeyId || !day || !region || !names || !signature) {
    throw new StoreError('AuthorizationHeaderMalformed')
  }
  if (accessKeyId !== credentials.accessKeyId) throw new StoreError('InvalidAccessKeyId')

  const time = request.headers.get('x-amz-date') ?? ''
  if (Math.abs(timeMsOf(time, day) - nowMs) > skewMs) throw new StoreError('RequestTimeTooSkewed')
  const signedHeaders = names.split(';')
  checkAllSigned(request, signedHeaders)
  const payload = payloadOf(request)
  verifySignature(
    request,
    { time, day, region, signedHeaders, signature, search, payload },
    credentials,
  )
  return { kind: 'owner', region }
}

function payloadOf(request: Request): string {
  const payload = request.headers.get('x-amz-content-sha256')
  if (payload !== null) return payload
  const message = 'Missing required header for this request: x-amz-content-sha256'
  throw new StoreError('InvalidRequest', message)
}

function checkAllSigned(request: Request, names: readonly string[]): void {
  const unsigned = [...request.headers.keys()].find(
    (name) => name.startsWith('x-amz-') && !names.includes(name),
  )
  if (unsigned === undefined && names.includes('host')) return
  throw new StoreError(
    'AccessDenied',
    'There were headers present in the request which were not signed',
    { HeadersNotSigned: unsigned ?? 'host' },
  )
}
