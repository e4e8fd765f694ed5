import { canary } from '../core/canary.ts'
import type { Mirror } from '../core/mirror.ts'
import { blobUrl } from '../core/mirror.ts'
import type { AnonymousDeps } from './anonymous.ts'
import { askAnonymously } from './anonymous.ts'
import { digestOf } from './content-digest.ts'

/**
 * Reads the canary of a mirror as clients read blobs: GET, HEAD and Range, anonymously, from the very address they will
 * be sent to. Returns a sentence saying what was wanted and what came where the mirror does not serve.
 */
export async function checkCanary(
  mirror: Mirror,
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const url = blobUrl(mirror, canary.digest)
  try {
    return (
      (await checkGet(url, deps)) ?? (await checkHead(url, deps)) ?? (await checkRange(url, deps))
    )
  } catch (error) {
    const { statusCode, code, message } = error as {
      statusCode?: number
      code?: string
      message: string
    }
    return `wanted the canary at ${url}, got ${statusCode ?? (message || code)}`
  }
}

async function checkGet(url: string, deps: AnonymousDeps): Promise<string | undefined> {
  const wanted = `wanted the ${canary.size} bytes of the canary from GET ${url}`
  const { status, header, bytes } = await askAnonymously('GET', url, deps)
  if (status !== 200) return `${wanted}, got ${status}`
  const encoding = header('content-encoding')
  if (encoding !== undefined) return `${wanted} as they are, got Content-Encoding ${encoding}`
  const got = digestOf(bytes)
  return got === canary.digest ? undefined : `${wanted}, got ${bytes.length} bytes of ${got}`
}

async function checkHead(url: string, deps: AnonymousDeps): Promise<string | undefined> {
  const { status, header } = await askAnonymously('HEAD', url, deps)
  const length = header('content-length')
  if (status === 200 && length === String(canary.size)) return undefined
  return `wanted 200 and Content-Length ${canary.size} from HEAD ${url}, got ${status} and ${length ?? 'none'}`
}

async function checkRange(url: string, deps: AnonymousDeps): Promise<string | undefined> {
  const { status, header, bytes } = await askAnonymously('GET', url, deps, { range: 'bytes=1-1' })
  const range = header('content-range')
  const wantedRange = `bytes 1-1/${canary.size}`
  const wantedText = canary.text.slice(1, 2)
  if (status === 206 && range === wantedRange && bytes.toString() === wantedText) return undefined
  const got = `${status}, ${range ?? 'no range'} and ${bytes.length} bytes`
  return `wanted 206, ${wantedRange} and 1 byte from a ranged GET ${url}, got ${got}`
}
