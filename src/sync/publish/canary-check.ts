import type { Mirror } from '../../core/mirror.ts'
import { blobUrl, signedBlobUrl } from '../../core/mirror.ts'
import type { SignedMethod } from '../../core/signing/presign.ts'
import type { AnonymousDeps } from './anonymous.ts'
import { askAnonymously } from './anonymous.ts'
import type { Canary } from './canary.ts'
import { canaryOf } from './canary.ts'
import { digestOf } from '../content-digest.ts'

/**
 * Reads the canary of a mirror as clients read blobs: GET, HEAD and ranges closed and open,
 * anonymously, from the very address they will be sent to; of a private mirror that is a signed one,
 * and the bare one must be refused. Returns a sentence saying what was wanted and what came where the
 * mirror does not serve, or another does, or anyone may read what is private.
 */
export async function checkCanary(
  mirror: Mirror,
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const canary = canaryOf(mirror.id)
  const url = blobUrl(mirror, canary.digest)
  const addressFor = (method: SignedMethod): Address => {
    return { url, signed: signedBlobUrl(mirror, method, canary.digest) }
  }
  try {
    const forGet = addressFor('GET')
    const failures = await Promise.all([
      checkGet(forGet, canary, deps),
      checkHead(addressFor('HEAD'), canary, deps),
      checkRange(forGet, canary, deps, { text: '1-1', last: 1 }),
      // As a client that goes on with a blob after its connection broke.
      checkRange(forGet, canary, deps, { text: '1-', last: canary.bytes.length - 1 }),
      mirror.signer && checkRefused(url, deps),
    ])
    return failures.find((failure) => failure !== undefined)
  } catch (error) {
    const { statusCode, code, message } = error as {
      statusCode?: number
      code?: string
      message: string
    }
    return `wanted the canary at ${url}, got ${statusCode ?? (message || code)}`
  }
}

/** Whether something answers there that gives what it has to nobody without credentials. */
export async function isRefusing(url: string, deps: AnonymousDeps): Promise<boolean> {
  try {
    const { status } = await askAnonymously('GET', url, deps)
    return status === 401 || status === 403
  } catch {
    return false
  }
}

/** Where it is read, and how that is called: a signature is nobody's who reads a message. */
type Address = { readonly url: string; readonly signed: string }

type Check = (address: Address, canary: Canary, deps: AnonymousDeps) => Promise<string | undefined>

const checkGet: Check = async ({ url, signed }, canary, deps) => {
  const wanted = `wanted the ${canary.bytes.length} bytes of the canary from GET ${url}`
  const { status, header, bytes } = await askAnonymously('GET', signed, deps)
  if (status !== 200) return `${wanted}, got ${status}`
  const encoding = header('content-encoding')
  if (encoding !== undefined) return `${wanted} as they are, got Content-Encoding ${encoding}`
  const got = digestOf(bytes)
  return got === canary.digest ? undefined : `${wanted}, got ${bytes.length} bytes of ${got}`
}

const checkHead: Check = async ({ url, signed }, { bytes: { length: size } }, deps) => {
  const { status, header } = await askAnonymously('HEAD', signed, deps)
  const length = header('content-length')
  if (status === 200 && length === String(size)) return undefined
  return `wanted 200 and Content-Length ${size} from HEAD ${url}, got ${status} and ${length ?? 'none'}`
}

/** A range as it is asked for, from the second byte on, and the last byte that it means. */
type AskedRange = { readonly text: string; readonly last: number }

async function checkRange(
  { url, signed }: Address,
  canary: Canary,
  deps: AnonymousDeps,
  { text, last }: AskedRange,
): Promise<string | undefined> {
  const headers = { range: `bytes=${text}` }
  const { status, header, bytes } = await askAnonymously('GET', signed, deps, { headers })
  const range = header('content-range')
  const wantedRange = `bytes 1-${last}/${canary.bytes.length}`
  const isWanted = status === 206 && range === wantedRange
  if (isWanted && bytes.equals(canary.bytes.subarray(1, last + 1))) return undefined
  const got = `${status}, ${range ?? 'no range'} and ${counted(bytes.length)}`
  return `wanted 206, ${wantedRange} and ${counted(last)} from GET ${url} with Range ${headers.range}, got ${got}`
}

async function checkRefused(url: string, deps: AnonymousDeps): Promise<string | undefined> {
  const { status } = await askAnonymously('GET', url, deps)
  if (status >= 400) return undefined
  return `wanted GET ${url} without a signature to be refused, as the mirror is private, got ${status}`
}

function counted(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`
}
