import { parseDigest } from '../../core/digest.ts'
import { refuse } from '../../core/error.ts'
import type { ManifestRequest } from '../../core/request.ts'
import type { KeptManifest } from './memory.ts'
import { BodyTooLarge, readBounded } from '../read-bounded.ts'
import type { Relayed, RelayContext, UpstreamAnswer } from '../relay/context.ts'
import { relayFailure, relayRefusal } from '../relay/failure.ts'
import { askManifest, sha256Of, tooLarge } from '../relay/manifest.ts'
import { discard, lengthOf } from '../upstream/fetch.ts'

/** What came of reading a manifest from its upstream. */
export type ReadManifest =
  | { readonly kind: 'read'; readonly manifest: KeptManifest; readonly warning: string | null }
  /** The upstream said no, or what it sent is not to be had: `status` is the upstream's. */
  | { readonly kind: 'failed'; readonly status: number; readonly relayed: Relayed }
  /** Nothing that can be kept, or no room to read it: it is to be passed on as it comes. */
  | { readonly kind: 'not to be kept' }

/**
 * Reads a manifest whole from its upstream, and makes sure that it is the one that was asked for, or
 * that the upstream says its tag is. Throws where there is no answer.
 */
export async function readManifest(context: RelayContext<ManifestRequest>): Promise<ReadManifest> {
  const leave = context.held.enter()
  if (leave === undefined) return { kind: 'not to be kept' }
  try {
    return await readAnswer(await askManifest('GET', context), context)
  } finally {
    leave()
  }
}

async function readAnswer(
  asked: UpstreamAnswer,
  context: RelayContext<ManifestRequest>,
): Promise<ReadManifest> {
  const status = statusOf(asked)
  if (asked.kind === 'refused' || status !== 200) {
    return { kind: 'failed', status, relayed: await relayFailure(context, asked) }
  }
  const { response } = asked
  const { request, deps } = context
  const mediaType = response.headers.get('content-type') ?? 'application/octet-stream'
  const named = request.reference.includes(':')
    ? request.reference
    : response.headers.get('docker-content-digest')
  const isOther = named !== null && parseDigest(named) === undefined
  if (isOther || isSchema1(mediaType)) {
    discard(response)
    return { kind: 'not to be kept' }
  }
  const length = lengthOf(response)
  const bytes = await readWhole(response, deps.maxManifestBytes, deps.timeoutMs)
  if (bytes === undefined) {
    const size = length === undefined ? 'more bytes' : `${length} bytes`
    return { kind: 'failed', status, relayed: tooLarge(size, context) }
  }
  if (length !== undefined && bytes.length !== length) {
    throw new Error(`wanted ${length} bytes, got ${bytes.length}`)
  }
  const digest = await sha256Of(bytes)
  if (named !== null && named !== digest) {
    return { kind: 'failed', status, relayed: anotherManifest(named, digest, context) }
  }
  const manifest = { digest, mediaType, bytes }
  return { kind: 'read', manifest, warning: response.headers.get('warning') }
}

/** The status of an upstream's answer, or of its token server's. */
export function statusOf(answer: UpstreamAnswer): number {
  return answer.kind === 'refused' ? answer.status : answer.response.status
}

/** Whether an answer says that the upstream, or what stands before it, cannot answer now. */
export function isDown(status: number): boolean {
  return status >= 500 || status === 429 || status === 408 || (status !== 200 && status < 400)
}

/** Docker's schema 1 is named by its payload, without the signatures that are in its bytes. */
export function isSchema1(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+')
}

/** Undefined: there were too many bytes. */
async function readWhole(
  response: Response,
  maxBytes: number,
  idleMs: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readBounded(response, { maxBytes, idleMs })
  } catch (error) {
    if (error instanceof BodyTooLarge) return undefined
    throw error
  }
}

/** Nobody is given a manifest that is not the one it is called: what it names would be run. */
function anotherManifest(
  wanted: string,
  got: string,
  context: RelayContext<ManifestRequest>,
): Relayed {
  const message = 'the upstream registry sent another manifest than it should'
  const error = `wanted the manifest ${wanted} of ${context.request.repository}, got ${got}`
  return relayRefusal(context, refuse('UNKNOWN', message, 502), { error })
}
