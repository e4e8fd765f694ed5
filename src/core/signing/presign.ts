import { signatureDate } from './presign-date.ts'
import { encodePath, encodeValue } from './presign-encoding.ts'
import { createHmac } from './sha256-hmac.ts'
import { createRecentAddresses } from './recent-addresses.ts'
import type { StartSignature } from './sha256-signature.ts'
import { portableSignature } from './sha256-signature.ts'

/** Who signs. Everything is of printable ASCII characters. */
export type SigningCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of credentials that are lent for a time. */
  readonly sessionToken?: string
}

/** Where a bucket is read, without a slash at its end, and the region its signatures are for. */
export type SignedPlace = { readonly url: string; readonly region: string }

export type SignedMethod = 'GET' | 'HEAD'

/**
 * The absolute address under which an object can be read, by this method and no other, until
 * `expiresSeconds` (at most 604,800) after the second of `nowMs` (milliseconds since 1970). `path`
 * is the object's key as `encodePath` has it.
 */
export type Presign = (
  method: SignedMethod,
  path: string,
  nowMs: number,
  expiresSeconds: number,
) => string

/**
 * Signs addresses in a bucket: Signature Version 4 in the query, as the S3 API reference has it under
 * "Authenticating Requests: Using Query Parameters". Only the host is signed of the headers, so a
 * client may ask for any range. Throws where the place is no address that can be signed.
 *
 * What changes with the day (the key, four HMACs) and with the second (all but the path) is made
 * once: an address is then a hash of some 360 bytes and an HMAC.
 */
export function createPresigner(
  { url, region }: SignedPlace,
  { accessKeyId, secretAccessKey, sessionToken }: SigningCredentials,
  startSignature: StartSignature = portableSignature,
): Presign {
  const { origin, host, path: base } = partsOf(url)
  const front = `${origin}${base}/`
  const token =
    sessionToken === undefined ? '' : `&X-Amz-Security-Token=${encodeValue(sessionToken)}`
  let day = ''
  let key: Int32Array = new Int32Array()
  let scope = ''
  let second = Number.NaN
  let expires = Number.NaN
  let back = ''
  let sign: Readonly<Record<SignedMethod, (path: string) => string>>
  const made = { GET: createRecentAddresses(), HEAD: createRecentAddresses() }

  return (method, path, nowMs, expiresSeconds) => {
    const now = Math.floor(nowMs / 1000)
    if (now !== second || expiresSeconds !== expires) turn(now, expiresSeconds)
    const known = made[method].get(path)
    if (known !== undefined) return known
    const address = front + path + back + sign[method](path)
    made[method].set(path, address)
    return address
  }

  function turn(now: number, expiresSeconds: number): void {
    const date = signatureDate(now * 1000)
    turnDay(date.slice(0, 8))
    const credential = encodeValue(`${accessKeyId}/${scope}`)
    // By name, as the canonical query has them.
    const query =
      `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${date}` +
      `&X-Amz-Expires=${expiresSeconds}${token}&X-Amz-SignedHeaders=host`
    const start = `AWS4-HMAC-SHA256\n${date}\n${scope}\n`
    const after = `\n${query}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`
    const signOf = (method: SignedMethod) =>
      startSignature({ key, start, before: `${method}\n${base}/`, after })
    sign = { GET: signOf('GET'), HEAD: signOf('HEAD') }
    made.GET.clear()
    made.HEAD.clear()
    back = `?${query}&X-Amz-Signature=`
    second = now
    expires = expiresSeconds
  }

  function turnDay(today: string): void {
    if (today === day) return
    const ofDay = createHmac(`AWS4${secretAccessKey}`)(today)
    key = [region, 's3', 'aws4_request'].reduce((above, part) => createHmac(above)(part), ofDay)
    scope = `${today}/${region}/s3/aws4_request`
    day = today
  }
}

type Parts = { readonly origin: string; readonly host: string; readonly path: string }

/** The path comes back as it is signed: what must be encoded is, and only once. */
function partsOf(url: string): Parts {
  const match = /^(https?:\/\/([^/?#@]+))((?:\/[^?#]*)?)$/.exec(url)
  if (match === null) throw new Error(`wanted an address to sign, with no query, got ${url}`)
  try {
    const path = encodePath(decodeURIComponent(match[3]!))
    return { origin: match[1]!, host: match[2]!, path }
  } catch (cause) {
    throw new Error(`wanted an address whose path can be decoded, got ${url}`, { cause })
  }
}
