import type { Mirror } from '../../core/mirror.ts'
import { blobUrl } from '../../core/mirror.ts'
import type { AnonymousDeps } from './anonymous.ts'
import { askAnonymously } from './anonymous.ts'
import type { Canary } from './canary.ts'
import { canaryOf } from './canary.ts'
import { digestOf } from '../content-digest.ts'

/**
 * Reads the canary of a mirror as clients read blobs: GET, HEAD and ranges closed and open,
 * anonymously, from the very address they will be sent to. Returns a sentence saying what was
 * wanted and what came where the mirror does not serve, or another does.
 */
export async function checkCanary(
  mirror: Mirror,
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const canary = canaryOf(mirror.id)
  const url = blobUrl(mirror, canary.digest)
  try {
    const failures = await Promise.all([
      checkGet(url, canary, deps),
      checkHead(url, canary, deps),
      checkRange(url, canary, deps, { text: '1-1', last: 1 }),
      // As a client that goes on with a blob after its connection broke.
      checkRange(url, canary, deps, { text: '1-', last: canary.bytes.length - 1 }),
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

type Check = (url: string, canary: Canary, deps: AnonymousDeps) => Promise<string | undefined>

const checkGet: Check = async (url, canary, deps) => {
  const wanted = `wanted the ${canary.bytes.length} bytes of the canary from GET ${url}`
  const { status, header, bytes } = await askAnonymously('GET', url, deps)
  if (status !== 200) return `${wanted}, got ${status}`
  const encoding = header('content-encoding')
  if (encoding !== undefined) return `${wanted} as they are, got Content-Encoding ${encoding}`
  const got = digestOf(bytes)
  return got === canary.digest ? undefined : `${wanted}, got ${bytes.length} bytes of ${got}`
}

const checkHead: Check = async (url, { bytes: { length: size } }, deps) => {
  const { status, header } = await askAnonymously('HEAD', url, deps)
  const length = header('content-length')
  if (status === 200 && length === String(size)) return undefined
  return `wanted 200 and Content-Length ${size} from HEAD ${url}, got ${status} and ${length ?? 'none'}`
}

/** A range as it is asked for, from the second byte on, and the last byte that it means. */
type AskedRange = { readonly text: string; readonly last: number }

async function checkRange(
  url: string,
  canary: Canary,
  deps: AnonymousDeps,
  { text, last }: AskedRange,
): Promise<string | undefined> {
  const headers = { range: `bytes=${text}` }
  const { status, header, bytes } = await askAnonymously('GET', url, deps, { headers })
  const range = header('content-range')
  const wantedRange = `bytes 1-${last}/${canary.bytes.length}`
  const isWanted = status === 206 && range === wantedRange
  if (isWanted && bytes.equals(canary.bytes.subarray(1, last + 1))) return undefined
  const got = `${status}, ${range ?? 'no range'} and ${counted(bytes.length)}`
  return `wanted 206, ${wantedRange} and ${counted(last)} from GET ${url} with Range ${headers.range}, got ${got}`
}

function counted(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`
}
