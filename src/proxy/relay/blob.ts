import { refuse } from '../../core/error.ts'
import type { BlobRequest } from '../../core/request.ts'
import { askUpstream } from './ask-upstream.ts'
import { guardBody } from './guard-body.ts'
import { relayBlobSize } from './blob-size.ts'
import type { Relayed, RelayContext } from './context.ts'
import { bodyLimits } from './context.ts'
import { relayFailure, relayRefusal } from './failure.ts'
import { sendOn, staysInApi } from './redirect.ts'
import { discard, lengthOf, redirectTarget } from '../upstream/fetch.ts'

/**
 * Sends a client to where the upstream has a blob, in one absolute hop: its bytes do not come through
 * here, but where the upstream sends them itself.
 */
export async function relayBlob(context: RelayContext<BlobRequest>): Promise<Relayed> {
  const { request, headers } = context
  if (request.method === 'HEAD') return relayBlobSize(context)

  const range = headers.get('range')
  const asked = {
    method: 'GET',
    rest: `blobs/${request.digest}${request.query}`,
    headers: rangeOf(headers),
    follows: staysInApi,
  } as const
  const answer = await askUpstream(asked, context)
  if (answer.kind === 'refused') return relayFailure(context, answer)
  const { response, url } = answer
  const target = redirectTarget(response, url)
  if (target !== undefined) return sendOn(target, response, context)
  switch (response.status) {
    case 200:
      return passOn(response, context)
    case 206:
      return range === null ? relayFailure(context, answer) : passOn(response, context)
    case 416:
      return outOfRange(response, context)
    default:
      return relayFailure(context, answer)
  }
}

function passOn(answer: Response, context: RelayContext<BlobRequest>): Relayed {
  const { request, reason, deps, onEnd } = context
  const bytes = lengthOf(answer)
  if (bytes !== undefined && bytes > deps.inlineBytes) {
    discard(answer)
    return tooLarge(bytes, context)
  }
  const range = answer.headers.get('content-range')
  if (answer.status === 206 && !isPart(range, bytes, answer)) {
    discard(answer)
    throw new Error(`wanted a range of ${bytes ?? 'some'} bytes, got ${range ?? 'none'}`)
  }
  const headers: Record<string, string> = {
    'Content-Type': answer.headers.get('content-type') ?? 'application/octet-stream',
    ...(bytes === undefined ? {} : { 'Content-Length': String(bytes) }),
    ...(range === null ? {} : { 'Content-Range': range }),
    'Accept-Ranges': answer.headers.get('accept-ranges') ?? 'none',
    ...validatorsOf(answer),
    'Cache-Control': 'no-store, no-transform',
    'Docker-Content-Digest': request.digest,
    'X-Nearport-Reason': reason,
  }
  const { status, body } = answer
  if (body === null) return { response: new Response(null, { status, headers }) }
  const limits = bodyLimits(bytes, deps.inlineBytes, deps)
  const guarded = guardBody(body, limits, onEnd)
  return { response: new Response(guarded, { status, headers }), isStreamed: true }
}

/**
 * The part of a blob that a client wants. What it knows the blob by counts beside a Range alone (RFC
 * 9110 §13.1.5), and whether that still holds is for whoever sends the bytes to say.
 */
function rangeOf(headers: Headers): Readonly<Record<string, string>> {
  const range = headers.get('range')
  if (range === null) return {}
  const condition = headers.get('if-range')
  return condition === null ? { range } : { range, 'if-range': condition }
}

/** By what a client may resume the blob with If-Range; the digest is no validator to HTTP. */
function validatorsOf({ headers }: Response): Readonly<Record<string, string>> {
  const etag = headers.get('etag')
  const modified = headers.get('last-modified')
  return {
    ...(etag === null ? {} : { ETag: etag }),
    ...(modified === null ? {} : { 'Last-Modified': modified }),
  }
}

/** Whether a 206 says of which part it is, and has as many bytes; of several ranges each has its own. */
function isPart(range: string | null, bytes: number | undefined, { headers }: Response): boolean {
  if (range === null) return /^multipart\/byteranges/i.test(headers.get('content-type') ?? '')
  const [, first, last] = /^bytes (\d{1,15})-(\d{1,15})\/(?:\d{1,15}|\*)$/.exec(range) ?? []
  if (first === undefined || last === undefined) return false
  return bytes === undefined || bytes === Number(last) - Number(first) + 1
}

function outOfRange(answer: Response, context: RelayContext<BlobRequest>): Relayed {
  discard(answer)
  const range = answer.headers.get('content-range')
  const headers: Readonly<Record<string, string>> = range === null ? {} : { 'Content-Range': range }
  const refusal = refuse('RANGE_INVALID', 'the blob has no such range')
  return relayRefusal(context, refusal, { headers })
}

function tooLarge(bytes: number, context: RelayContext<BlobRequest>): Relayed {
  const most = context.deps.inlineBytes
  const message = `the upstream registry sends these ${bytes} bytes itself, and ${most} at most are passed on: relay.inlineBytes`
  return relayRefusal(context, refuse('UNSUPPORTED', message, 502), { error: message })
}
