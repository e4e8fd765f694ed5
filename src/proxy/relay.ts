import type { ErrorCode } from '../core/error.ts'
import { errorStatus, refuse } from '../core/error.ts'
import type { ListingRequest } from '../core/request.ts'
import type { Upstream } from '../core/upstream.ts'
import { upstreamUrl } from '../core/upstream.ts'
import { answerRefusal } from './answer.ts'

/** A relayed answer, and what went wrong with the upstream if something did. */
export type Relayed = { readonly response: Response; readonly error?: string }

export type RelayDeps = {
  readonly fetch: typeof fetch
  readonly timeoutMs: number
  /** An upstream's list beyond this is refused, not held in memory. */
  readonly maxBytes: number
}

/**
 * Fetches a list of tags or referrers and gives it under our own name. Lists are not redirected: their pages link to
 * one another, and clients ask for the next page where they asked for the first, or refuse a link to another host.
 */
export async function relayListing(
  request: ListingRequest,
  upstream: Upstream,
  accept: string | null,
  deps: RelayDeps,
): Promise<Relayed> {
  const rest = request.kind === 'tags' ? 'tags/list' : `referrers/${request.digest}`
  const url = upstreamUrl(upstream, request.repository, rest) + request.query
  try {
    // Always a GET: the upstream's HEAD may lack the length that ours must have.
    const answer = await deps.fetch(url, {
      headers: { 'accept-encoding': 'identity', ...(accept === null ? {} : { accept }) },
      signal: AbortSignal.timeout(deps.timeoutMs),
    })
    if (answer.status !== 200) {
      await answer.body?.cancel()
      return refusedUpstream(request, answer)
    }
    const body = rename(await readBounded(answer, deps.maxBytes), request)
    return { response: answerListing(body, answer, request, rest) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const error = `the upstream's answer to GET ${url} could not be had: ${why}`
    const refusal = refuse('UNAVAILABLE', 'the upstream registry did not answer')
    return { response: answerRefusal(refusal, request.method, 'listing'), error }
  }
}

function answerListing(
  body: string,
  answer: Response,
  request: ListingRequest,
  rest: string,
): Response {
  const headers: Record<string, string> = {
    'Content-Type':
      request.kind === 'tags'
        ? 'application/json'
        : // Clients take nothing else for a list of referrers.
          'application/vnd.oci.image.index.v1+json',
    'Content-Length': String(new TextEncoder().encode(body).length),
    'Cache-Control': 'no-store, no-transform',
    'X-Nearport-Reason': 'listing',
  }
  const query = nextPage(answer.headers.get('link'))
  if (query !== undefined)
    headers['Link'] = `</v2/${request.repository}/${rest}${query}>; rel="next"`
  const filters = answer.headers.get('oci-filters-applied')
  if (filters !== null) headers['OCI-Filters-Applied'] = filters
  return new Response(request.method === 'HEAD' ? null : body, { status: 200, headers })
}

/** The query of the next page: the rest of an upstream's link, relative or absolute, is its own affair. */
function nextPage(link: string | null): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined) return undefined
  const mark = target.indexOf('?')
  return mark === -1 ? undefined : target.slice(mark).replaceAll(/[^\x21-\x7e]|["<>\\]/g, '')
}

/** Some clients turn in circles when a list of tags carries a name other than the one they asked for. */
function rename(text: string, request: ListingRequest): string {
  const json: unknown = JSON.parse(text)
  if (typeof json !== 'object' || json === null) throw new Error('wanted a JSON object')
  return request.kind === 'tags' ? JSON.stringify({ ...json, name: request.repository }) : text
}

/** An upstream's refusal under our own words: its body may name its hosts and namespaces. */
function refusedUpstream(request: ListingRequest, answer: Response): Relayed {
  const code = codeFor(request, answer.status)
  const refusal = refuse(code, `the upstream registry answered ${answer.status} for this list`)
  const response = answerRefusal(refusal, request.method, 'listing')
  const retryAfter = answer.headers.get('retry-after')
  if (retryAfter !== null && errorStatus[code] >= 429)
    response.headers.set('Retry-After', retryAfter)
  return answer.status === 404
    ? { response }
    : { response, error: `the upstream answered ${answer.status} for a list` }
}

function codeFor(request: ListingRequest, status: number): ErrorCode {
  if (status === 400) return request.kind === 'referrers' ? 'DIGEST_INVALID' : 'NAME_INVALID'
  if (status === 429) return 'TOOMANYREQUESTS'
  if (status >= 500) return 'UNAVAILABLE'
  // oras takes NAME_UNKNOWN for an error; any other 404 sends it to the referrers' tag, which is what is wanted.
  return request.kind === 'referrers' ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN'
}

async function readBounded(answer: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Reading stops, and the connection with it, as soon as the list is too long.
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`wanted at most ${maxBytes} bytes, got more`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
