import { createHash, createHmac } from 'node:crypto'
import { StoreError } from './store-error.ts'

export type Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Where there is one, the credentials are lent, and it is wanted beside every signature. */
  readonly sessionToken?: string
}

/** What a signature says of itself. */
export type Signed = {
  readonly time: string
  readonly day: string
  readonly region: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** The query that was signed, with its `?`. */
  readonly search: string
  /** The hash of the body, or the word in its place. */
  readonly payload: string
}

/**
 * Holds a signature against the request, as the S3 API reference has it for the header and the query
 * alike. Throws StoreError.
 */
export function verifySignature(request: Request, signed: Signed, credentials: Credentials): void {
  const { time, day, region, signature } = signed
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const token = tokenOf(request, signed.search)
  if (token !== sessionToken) throw new StoreError('InvalidToken')

  const scope = `${day}/${region}/s3/aws4_request`
  const canonical = canonicalRequest(request, signed)
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  )
  if (hmac(key, toSign).toString('hex') === signature) return
  throw new StoreError('SignatureDoesNotMatch', undefined, {
    AWSAccessKeyId: accessKeyId,
    StringToSign: toSign,
    CanonicalRequest: canonical,
  })
}

/** A time as a signature has it, in milliseconds since 1970. Throws where it is none of that day. */
export function timeMsOf(time: string, day: string): number {
  const [, year, month, date, hour, minute, second] =
    time.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? []
  const timeMs = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(timeMs) || !time.startsWith(day)) {
    throw new StoreError('AuthorizationHeaderMalformed', `Invalid credential date ${day}`)
  }
  return timeMs
}

function tokenOf(request: Request, search: string): string | undefined {
  const inQuery = new URLSearchParams(search.replaceAll('+', '%2B')).get('X-Amz-Security-Token')
  return inQuery ?? request.headers.get('x-amz-security-token') ?? undefined
}

function canonicalRequest(request: Request, { signedHeaders, search, payload }: Signed): string {
  const url = new URL(request.url)
  const headers = signedHeaders.map((name) => `${name}:${headerValue(request, url, name)}\n`)
  return [
    request.method,
    encoded(decodeURIComponent(url.pathname)).replaceAll('%2F', '/'),
    canonicalQuery(search),
    headers.join(''),
    signedHeaders.join(';'),
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
