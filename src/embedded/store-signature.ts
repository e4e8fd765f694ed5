import { createHash, createHmac } from 'node:crypto'
import { StoreError } from './store-error.ts'

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string }

/** Who asks: the owner, with the region that the signature is for, or anyone. */
export type Caller =
  | { readonly kind: 'owner'; readonly region: string }
  | { readonly kind: 'anyone' }

const skewMs = 15 * 60_000
const scheme =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/

/**
 * Verifies Signature Version 4 in the Authorization header, as the S3 API reference describes it
 * under "Authenticating Requests". The payload's hash is taken at its word here: `readBody` holds
 * the body against it. Throws StoreError; no Authorization is no error.
 */
export function authenticate(request: Request, credentials: Credentials, nowMs: number): Caller {
  const url = new URL(request.url)
  const authorization = request.headers.get('authorization')
  if (url.searchParams.has('X-Amz-Signature')) {
    throw new StoreError('NotImplemented', 'Presigned requests are not implemented')
  }
  if (authorization === null) return { kind: 'anyone' }
  // S3 refuses a registry's token so, where a client carries it over a redirect.
  if (!authorization.startsWith('AWS4-')) {
    throw new StoreError('InvalidArgument', 'Unsupported Authorization Type')
  }

  const [, accessKeyId, day, region, signedHeaders, signature] = authorization.match(scheme) ?? []
  if (!accessKeyId || !day || !region || !signedHeaders || !signature) {
    throw new StoreError('AuthorizationHeaderMalformed')
  }
  if (accessKeyId !== credentials.accessKeyId) throw new StoreError('InvalidAccessKeyId')

  const time = request.headers.get('x-amz-date') ?? ''
  checkTime(time, day, nowMs)
  const names = signedHeaders.split(';')
  checkAllSigned(request, names)

  const scope = `${day}/${region}/s3/aws4_request`
  const canonical = canonicalRequest(request, url, names)
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  )
  if (hmac(key, toSign).toString('hex') !== signature) {
    throw new StoreError('SignatureDoesNotMatch', undefined, {
      AWSAccessKeyId: accessKeyId,
      StringToSign: toSign,
      CanonicalRequest: canonical,
    })
  }
  return { kind: 'owner', region }
}

function canonicalRequest(request: Request, url: URL, names: readonly string[]): string {
  const payload = request.headers.get('x-amz-content-sha256')
  if (payload === null) {
    const message = 'Missing required header for this request: x-amz-content-sha256'
    throw new StoreError('InvalidRequest', message)
  }
  const headers = names.map((name) => `${name}:${headerValue(request, url, name)}\n`).join('')
  return [
    request.method,
    encoded(decodeURIComponent(url.pathname)).replaceAll('%2F', '/'),
    canonicalQuery(url.search),
    headers,
    names.join(';'),
    payload,
  ].join('\n')
}

function canonicalQuery(search: string): string {
  return search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...rest] = pair.split('=')
      return `${encoded(decodeURIComponent(name))}=${encoded(decodeURIComponent(rest.join('=')))}`
    })
    .toSorted()
    .join('&')
}

// A request that never was on a wire has no Host of its own.
function headerValue(request: Request, url: URL, name: string): string {
  const value = request.headers.get(name) ?? (name === 'host' ? url.host : '')
  return value.trim().replace(/ +/g, ' ')
}

function checkTime(time: string, day: string, nowMs: number): void {
  const [, year, month, date, hour, minute, second] =
    time.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? []
  const timeMs = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(timeMs) || !time.startsWith(day)) {
    throw new StoreError('AuthorizationHeaderMalformed', `Invalid credential date ${day}`)
  }
  if (Math.abs(timeMs - nowMs) > skewMs) throw new StoreError('RequestTimeTooSkewed')
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

// Signature Version 4 leaves only letters, digits and -._~ as they are.
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
