import type { ErrorCode, Refusal } from '../../core/error.ts'
import { refuse } from '../../core/error.ts'
import { respondRefusal } from '../answer.ts'
import { challengeAgain } from '../pass-through/challenge-again.ts'
import { readBounded } from '../read-bounded.ts'
import type { Relayed, RelayContext, RelayedRequest, UpstreamAnswer } from './context.ts'
import { discard } from '../upstream/fetch.ts'

/** An answer of our own in the place of the upstream's, and what operators hear of it. */
export function relayRefusal(
  { request, reason }: RelayContext,
  refusal: Refusal,
  { error, headers }: { readonly error?: string; readonly headers?: PlainHeaders } = {},
): Relayed {
  const response = respondRefusal(refusal, request.method, reason, headers)
  return error === undefined ? { response } : { response, error }
}

type PlainHeaders = Readonly<Record<string, string>>

/** A refusal of what may well be had a little later. */
export function unavailable(message: string): Refusal {
  return refuse('UNAVAILABLE', message)
}

/** What the client is told where the upstream answered with an error, or with what is none of it. */
export async function relayFailure(
  context: RelayContext,
  answer: UpstreamAnswer,
): Promise<Relayed> {
  const { request } = context
  const challenged = challengeAgain(answer, context)
  if (challenged !== undefined) return challenged
  const { status, retryAfter, why } = errorOf(answer)
  const what = nouns[request.kind]
  const own = `the upstream registry answered ${status} for this ${what}`
  const said = await saidOf(answer, context)
  const refusal = refuse(said?.code ?? codeFor(request, status), said?.message ?? own)
  const headers = pauseFor(refusal, retryAfter)
  if (status === 404) return relayRefusal(context, refusal, { headers })
  const error = `the upstream answered ${status} for a ${what}${why}`
  return relayRefusal(context, refusal, { headers, error })
}

function errorOf(answer: UpstreamAnswer) {
  if (answer.kind === 'refused') {
    return { status: answer.status, retryAfter: answer.retryAfter, why: `: ${answer.why}` }
  }
  const { status, headers } = answer.response
  return { status, retryAfter: headers.get('retry-after') ?? undefined, why: '' }
}

const nouns = { tags: 'list', referrers: 'list', manifest: 'manifest', blob: 'blob' } as const

/** Docker Hub counts by the hour: whoever is told nothing should not come back at once. */
const usualPauseSeconds = '60'

function codeFor(request: RelayedRequest, status: number): ErrorCode {
  if (status === 429) return 'TOOMANYREQUESTS'
  // Neither there nor refused: the upstream, or what stands before it, is not well.
  if (status >= 500 || status === 408 || status < 400) return 'UNAVAILABLE'
  switch (request.kind) {
    case 'tags':
      return status === 400 ? 'NAME_INVALID' : 'NAME_UNKNOWN'
    case 'referrers':
      // oras takes NAME_UNKNOWN for an error; any other 404 sends it to the referrers' tag, which
      // is what is wanted.
      return status === 400 ? 'DIGEST_INVALID' : 'MANIFEST_UNKNOWN'
    case 'manifest':
      // Not 401: whoever has no token of ours has nothing to get one with.
      return status === 403 ? 'DENIED' : 'MANIFEST_UNKNOWN'
    case 'blob':
      return status === 403 ? 'DENIED' : 'BLOB_UNKNOWN'
  }
}

/**
 * An upstream's own words on a manifest that is not there: GHCR says so to an Accept that is too
 * thin, and how. Of everything else the words are ours, as a body may name hosts and namespaces.
 */
async function saidOf(
  answer: UpstreamAnswer,
  { request, deps }: RelayContext,
): Promise<{ readonly code: ErrorCode; readonly message: string } | undefined> {
  if (answer.kind === 'refused') return undefined
  const { response } = answer
  if (response.status !== 404 || request.kind !== 'manifest') {
    discard(response)
    return undefined
  }
  const limits = { maxBytes: largestErrorBytes, idleMs: deps.timeoutMs }
  const text = await readBounded(response, limits).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => '',
  )
  const message = firstMessage(text)
  if (message === undefined) return undefined
  const code = /"NAME_UNKNOWN"/.test(text) ? 'NAME_UNKNOWN' : 'MANIFEST_UNKNOWN'
  return { code, message: `the upstream registry says: ${message}` }
}

const largestErrorBytes = 16 * 1024
const longestMessage = 200

function firstMessage(text: string): string | undefined {
  try {
    const { errors } = Object(JSON.parse(text)) as { readonly errors?: unknown }
    const [first] = Array.isArray(errors) ? (errors as readonly unknown[]) : []
    const { message } = Object(first) as { readonly message?: unknown }
    return typeof message === 'string' && message !== ''
      ? message.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, longestMessage)
      : undefined
  } catch {
    return undefined
  }
}

/** When to come again, in seconds or as a date (RFC 9110 §10.2.3), as far as it is said. */
export function pauseFor({ status }: Refusal, said: string | undefined): PlainHeaders {
  if (status !== 429 && status !== 503) return {}
  if (said !== undefined && /^(?:\d{1,8}|[A-Za-z]{3}, [\w: ]{10,30})$/.test(said)) {
    return { 'Retry-After': said }
  }
  return status === 429 ? { 'Retry-After': usualPauseSeconds } : {}
}
