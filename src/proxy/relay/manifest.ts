import type { Digest } from '../../core/digest.ts'
import { digestOfHex, isWellFormedDigest } from '../../core/digest.ts'
import { refuse } from '../../core/error.ts'
import type { ManifestRequest } from '../../core/request.ts'
import { askUpstream } from './ask-upstream.ts'
import { guardBody } from './guard-body.ts'
import { BodyTooLarge, readBounded } from '../read-bounded.ts'
import type { Relayed, RelayContext, UpstreamAnswer } from './context.ts'
import { bodyLimits } from './context.ts'
import { relayFailure, relayRefusal, unavailable } from './failure.ts'
import { discard, lengthOf } from '../upstream/fetch.ts'

/**
 * Passes a manifest on as the upstream has it: a GET chunk by chunk, and each answer with the length
 * and digest that crane and oras cannot do without.
 */
export async function relayManifest(context: RelayContext<ManifestRequest>): Promise<Relayed> {
  return relayAnswer(await askManifest(context.request.method, context), context)
}

/** Passes on what the upstream answered to a manifest's GET or HEAD. */
export async function relayAnswer(
  answer: UpstreamAnswer,
  context: RelayContext<ManifestRequest>,
): Promise<Relayed> {
  const { request } = context
  if (request.method === 'GET' || !lacksHead(answer, request)) return passOn(answer, context)
  // What the HEAD did not bring, the headers of a GET do; where these do not either, its bytes.
  return passOn(await askManifest('GET', context), context)
}

/** Asks for a manifest with what the client takes. Throws where there is no answer. */
export async function askManifest(
  method: 'GET' | 'HEAD',
  context: RelayContext<ManifestRequest>,
): Promise<UpstreamAnswer> {
  const { request, headers } = context
  const accept = headers.get('accept')
  const asked = {
    method,
    rest: `manifests/${request.reference}${request.query}`,
    headers: accept === null ? {} : { accept },
    follows: () => true,
  }
  return askUpstream(asked, context)
}

/** Whether a HEAD was refused as a HEAD, or answered without what it is for. */
export function lacksHead(answer: UpstreamAnswer, request: ManifestRequest): boolean {
  if (answer.kind === 'refused') return false
  const { response } = answer
  if (response.status !== 200) return [400, 405, 501].includes(response.status)
  return lengthOf(response) === undefined || digestOf(response, request) === undefined
}

async function passOn(
  asked: UpstreamAnswer,
  context: RelayContext<ManifestRequest>,
): Promise<Relayed> {
  if (asked.kind === 'refused' || asked.response.status !== 200) return relayFailure(context, asked)
  const { response: answer } = asked
  const { request, deps, onEnd } = context
  const bytes = lengthOf(answer)
  const digest = digestOf(answer, request)
  if (bytes !== undefined && bytes > deps.maxManifestBytes) {
    discard(answer)
    return tooLarge(`${bytes} bytes`, context)
  }
  if (bytes === undefined || digest === undefined) return passOnWhole(answer, context)

  const headers = headersOf(answer, bytes, digest, context)
  if (request.method === 'HEAD' || answer.body === null) {
    discard(answer)
    return { response: new Response(null, { status: 200, headers }) }
  }
  const limits = bodyLimits(bytes, deps.maxManifestBytes, deps)
  const body = guardBody(answer.body, limits, onEnd)
  return { response: new Response(body, { status: 200, headers }), isStreamed: true }
}

/** A manifest of which the upstream does not say its length or digest is read, to know them. */
async function passOnWhole(
  answer: Response,
  context: RelayContext<ManifestRequest>,
): Promise<Relayed> {
  const { request, deps, held } = context
  const leave = held.enter()
  if (leave === undefined) {
    discard(answer)
    const error = `${deps.listsAtOnce} lists and manifests are held in memory`
    return relayRefusal(context, unavailable('too much is asked for at once'), { error })
  }
  try {
    const limits = { maxBytes: deps.maxManifestBytes, idleMs: deps.timeoutMs }
    const bytes = await readBounded(answer, limits)
    const digest = digestOf(answer, request) ?? (await sha256Of(bytes))
    const headers = headersOf(answer, bytes.length, digest, context)
    const body = request.method === 'HEAD' ? null : bytes
    return { response: new Response(body, { status: 200, headers }) }
  } catch (error) {
    if (error instanceof BodyTooLarge) return tooLarge('more bytes', context)
    throw error
  } finally {
    leave()
  }
}

/** The digest that a manifest was asked for by, or that the upstream says its tag is. */
function digestOf(answer: Response, { reference }: ManifestRequest): string | undefined {
  if (isWellFormedDigest(reference)) return reference
  const digest = answer.headers.get('docker-content-digest')
  return digest !== null && isWellFormedDigest(digest) ? digest : undefined
}

/** The SHA-256 of some bytes. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return digestOfHex([...hash].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
}

function headersOf(
  answer: Response,
  bytes: number,
  digest: string,
  { reason }: RelayContext<ManifestRequest>,
): Record<string, string> {
  const warning = answer.headers.get('warning')
  return {
    // The type that it was pushed with; none at all is a type that nobody takes.
    'Content-Type': answer.headers.get('content-type') ?? 'application/octet-stream',
    'Content-Length': String(bytes),
    'Docker-Content-Digest': digest,
    // A tag moves, and an edge that compresses would take the length away.
    'Cache-Control': 'no-store, no-transform',
    // The distribution spec has warnings of 4,096 bytes in all.
    ...(warning !== null && warning.length <= 4096 ? { Warning: warning } : {}),
    'X-Nearport-Reason': reason,
  }
}

/** A manifest of more bytes than are passed on. */
export function tooLarge(size: string, context: RelayContext<ManifestRequest>): Relayed {
  const most = context.deps.maxManifestBytes
  const message = `the upstream's manifest has ${size}, and ${most} at most are passed on`
  return relayRefusal(context, refuse('UNSUPPORTED', message, 502), { error: message })
}
