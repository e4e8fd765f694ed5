import type { Dispatcher } from 'undici'
import { interceptors, request } from 'undici'
import { canary } from '../core/canary.ts'
import type { Mirror } from '../core/mirror.ts'
import { blobUrl } from '../core/mirror.ts'
import { digestOf } from './content-digest.ts'
import type { Patience } from './retry-policy.ts'
import { retryPolicy } from './retry-policy.ts'

/** How the canary is asked for: as any client would, with nothing but the address. */
export type CanaryDeps = {
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly stop: AbortSignal
}

/**
 * Reads the canary of a mirror as clients read blobs: GET, HEAD and Range, anonymously, from the very address they will
 * be sent to. Returns a sentence saying what was wanted and what came where the mirror does not serve.
 */
export async function checkCanary(mirror: Mirror, deps: CanaryDeps): Promise<string | undefined> {
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

async function checkGet(url: string, deps: CanaryDeps): Promise<string | undefined> {
  const wanted = `wanted the ${canary.size} bytes of the canary from GET ${url}`
  const { status, header, bytes } = await ask('GET', url, deps)
  if (status !== 200) return `${wanted}, got ${status}`
  const encoding = header('content-encoding')
  if (encoding !== undefined) return `${wanted} as they are, got Content-Encoding ${encoding}`
  const got = digestOf(bytes)
  return got === canary.digest ? undefined : `${wanted}, got ${bytes.length} bytes of ${got}`
}

async function checkHead(url: string, deps: CanaryDeps): Promise<string | undefined> {
  const { status, header } = await ask('HEAD', url, deps)
  const length = header('content-length')
  if (status === 200 && length === String(canary.size)) return undefined
  return `wanted 200 and Content-Length ${canary.size} from HEAD ${url}, got ${status} and ${length ?? 'none'}`
}

async function checkRange(url: string, deps: CanaryDeps): Promise<string | undefined> {
  const { status, header, bytes } = await ask('GET', url, deps, { range: 'bytes=1-1' })
  const range = header('content-range')
  const wantedRange = `bytes 1-1/${canary.size}`
  const wantedText = canary.text.slice(1, 2)
  if (status === 206 && range === wantedRange && bytes.toString() === wantedText) return undefined
  const got = `${status}, ${range ?? 'no range'} and ${bytes.length} bytes`
  return `wanted 206, ${wantedRange} and 1 byte from a ranged GET ${url}, got ${got}`
}

async function ask(
  method: 'GET' | 'HEAD',
  url: string,
  { dispatcher, patience, stop }: CanaryDeps,
  headers: Readonly<Record<string, string>> = {},
) {
  const {
    statusCode,
    headers: came,
    body,
  } = await request(url, {
    method,
    // As Go's clients send it: a host that packs what it serves is found out here.
    headers: { 'accept-encoding': 'gzip', ...headers },
    signal: AbortSignal.any([stop, AbortSignal.timeout(patience.deadlineMs)]),
    // Redirects are not followed: clients are to take one hop, and this is where it ends.
    dispatcher: dispatcher.compose(interceptors.retry(retryPolicy(patience, () => {}))),
  })
  return {
    status: statusCode,
    header: (name: string) => came[name]?.toString(),
    bytes: await readStart(body),
  }
}

/** A page for people in the canary's place may be long. */
async function readStart(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) {
    chunks.push(chunk)
    if (chunks.reduce((sum, { length }) => sum + length, 0) > 65_536) break
  }
  return Buffer.concat(chunks)
}
