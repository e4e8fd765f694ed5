import type { Decision } from '../core/decision.ts'
import type { Refusal } from '../core/error.ts'
import { errorBody } from '../core/error.ts'
import { signedBlobUrl } from '../core/mirror.ts'
import type { Reason } from '../core/reason.ts'
import type { BlobRequest, ManifestRequest } from '../core/request.ts'
import { isWellFormedDigest } from '../core/digest.ts'
import { upstreamUrl } from '../core/upstream.ts'

/**
 * An answer from what is known here, before it is of any runtime's own kind. Every one names its
 * Content-Length: a HEAD without one breaks crane and oras.
 */
export type Answer = {
  readonly status: number
  /** A plain object, which Node writes as it is. */
  readonly headers: Record<string, string>
  /** Null: none, as of every answer to HEAD. */
  readonly body: string | null
}

/** The same as a Web Response. */
export function responseOf({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers })
}

/** `GET /v2/`: 200 and no challenge, so that no client goes looking for a token. */
export function answerVersion(method: string): Answer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': '2',
      'Docker-Distribution-Api-Version': 'registry/2.0',
      'X-Nearport-Reason': 'version',
    },
    body: method === 'HEAD' ? null : '{}',
  }
}

/**
 * One hop to a mirror, by an address that a private one takes for the client's own method: what is
 * signed for GET fails a HEAD. The client's query stays behind: to S3 it would mean another request.
 */
export function redirectToMirror(
  decision: Extract<Decision, { action: 'mirror' }>,
  request: BlobRequest,
): Answer {
  const location = signedBlobUrl(decision.mirror, request.method, request.mirrorable!)
  return redirect(location, decision.reason, request.digest)
}

/** One hop to the upstream, with the client's query. */
export function redirectToUpstream(
  decision: Extract<Decision, { action: 'upstream' }>,
  request: BlobRequest | ManifestRequest,
): Answer {
  const rest =
    request.kind === 'blob' ? `blobs/${request.digest}` : `manifests/${request.reference}`
  const digest = request.kind === 'blob' ? request.digest : request.reference
  return redirect(
    upstreamUrl(decision.upstream, request.repository, rest) + request.query,
    decision.reason,
    isWellFormedDigest(digest) ? digest : undefined,
  )
}

/** The answer to a blob's HEAD, from what the index knows or the upstream says. */
export function answerSize(
  sizeBytes: number,
  request: BlobRequest,
  reason: Reason = 'known-size',
): Answer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(sizeBytes),
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'no-store',
      'Docker-Content-Digest': request.digest,
      'X-Nearport-Reason': reason,
    },
    body: null,
  }
}

/** An error as the spec wants it; `more` are headers above the usual ones. */
export function answerRefusal(
  refusal: Refusal,
  method: string,
  reason: Reason = 'refused',
  more?: Readonly<Record<string, string>>,
): Answer {
  const body = errorBody(refusal)
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    'Content-Length': String(bytesOf(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Nearport-Reason': reason,
  }
  if (refusal.status === 405) headers['Allow'] = 'GET, HEAD'
  if (refusal.status === 503) headers['Retry-After'] = '5'
  if (more !== undefined) Object.assign(headers, more)
  return { status: refusal.status, headers, body: method === 'HEAD' ? null : body }
}

const utf8 = new TextEncoder()

/** How long a text is as UTF-8: as many bytes as it has characters, where no client sent others. */
function bytesOf(text: string): number {
  return /[^\0-\x7f]/.test(text) ? utf8.encode(text).length : text.length
}

/** The same as a Web Response. */
export function respondRefusal(...of: Parameters<typeof answerRefusal>): Response {
  return responseOf(answerRefusal(...of))
}

/** The answer to what is refused by decision. */
export function answerRefused(
  { refusal, reason }: Extract<Decision, { action: 'refuse' }>,
  method: string,
): Answer {
  // The hour of a budget goes on by a minute at a time.
  const more = reason === 'over-budget' ? { 'Retry-After': '60' } : undefined
  return answerRefusal(refusal, method, reason, more)
}

/** One hop to an absolute address, which nobody may remember. */
export function redirect(location: string, reason: Reason, digest: string | undefined): Answer {
  const headers: Record<string, string> = {
    Location: location,
    'Content-Length': '0',
    // The next answer may differ: by caller, by index, by health.
    'Cache-Control': 'no-store',
    'X-Nearport-Reason': reason,
  }
  if (digest !== undefined) headers['Docker-Content-Digest'] = digest
  return { status: 307, headers, body: null }
}
