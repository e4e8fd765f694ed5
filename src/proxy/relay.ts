import type { ErrorCode } from '../core/error.ts'
import { errorStatus, refuse } from '../core/error.ts'
import type { ListingRequest } from '../core/request.ts'
import type { Upstream } from '../core/upstream.ts'
import { upstreamUrl } from '../core/upstream.ts'
import { answerRefusal } from './answer.ts'
import { readBounded } from './read-bounded.ts'

/** A relayed answer, and what went wrong with the upstream if something did. */
export type Relayed = { readonly response: Response; readonly error?: string }

/** Fetches a list from an upstream for a client. Never fails: what goes wrong is an answer too. */
export type Relay = (
  request: ListingRequest,
  upstream: Upstream,
  client: Request,
) => Promise<Relayed>

export type RelayDeps = {
  readonly fetch: typeof fetch
  readonly timeoutMs: number
  /** An upstream's list beyond this is refused, not held in memory. */
  readonly maxBytes: number
  /** Lists under way at once; who comes beyond is asked to come again. */
  readonly atOnce: number
  /** This service's own name in `Via`, by which it knows a request that it sent itself. */
  readonly name: string
}

/**
 * Makes the relay of tags and referrers, which gives them under our own name. Lists are not
 * redirected: their pages link to one another, and clients ask for the next page where they asked
 * for the first, or refuse a link to another host.
 */
export function createRelay(deps: RelayDeps): Relay {
  let underWay = 0
  return async (request, upstream, client) => {
    // An upstream that leads back to us would be asked by every request it asks.
    if (client.headers.get('via')?.includes(deps.name)) {
      const refusal = refuse('NAME_UNKNOWN', 'this registry is its own upstream')
      const error = 'the upstream leads back here: see its registry in the configuration'
      return { response: answerRefusal(refusal, request.method, 'listing'), error }
    }
    if (underWay >= deps.atOnce) {
      const refusal = refuse('UNAVAILABLE', 'too many lists are asked for at once')
      const error = `${deps.atOnce} lists are under way`
      return { response: answerRefusal(refusal, request.method, 'listing'), error }
    }
    underWay++
    try {
      return await relayListing(request, upstream, client, deps)
    } finally {
      underWay--
    }
  }
}

async function relayListing(
  request: ListingRequest,
  upstream: Upstream,
  client: Request,
  deps: RelayDeps,
): Promise<Relayed> {
  const rest = request.kind === 'tags' ? 'tags/list' : `referrers/${request.digest}`
  const url = upstreamUrl(upstream, request.repository, rest) + request.query
  const accept = client.headers.get('accept')
  try {
    // Always a GET: the upstream's HEAD may lack the length that ours must have.
    const answer = await deps.fetch(url, {
      headers: {
        'accept-encoding': 'identity',
        via: `1.1 ${deps.name}`,
        ...(accept === null ? {} : { accept }),
      },
      // A client that left wants nothing any more.
      signal: AbortSignal.any([client.signal, AbortSignal.timeout(deps.timeoutMs)]),
    })
    if (answer.status !== 200) {
      await answer.body?.cancel()
      return refusedUpstream(request, answer)
    }
    const body = await readBounded(answer, { maxBytes: deps.maxBytes, idleMs: deps.timeoutMs })
    return { response: answerListing(rename(body, request), answer, request, rest) }
  } catch (cause) {
    const refusal = refuse('UNAVAILABLE', 'the upstream registry did not answer')
    const response = answerRefusal(refusal, request.method, 'listing')
    // Nobody's fault, and nobody's answer.
    if (client.signal.aborted) return { response }
    const why = cause instanceof Error ? cause.message : String(cause)
    return { response, error: `the upstream's answer to GET ${url} could not be had: ${why}` }
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

/**
 * The query of the next page: the rest of an upstream's link, relative or absolute, is its own
 * affair.
 */
function nextPage(link: string | null): string | undefined {
  const target = /<([^>]*)>[^,<]*;\s*rel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined) return undefined
  const mark = target.indexOf('?')
  return mark === -1 ? undefined : target.slice(mark).replaceAll(/[^\x21-\x7e]|["<>\\]/g, '')
}

/**
 * The list as our own. Some clients turn in circles when tags carry a name other than the one they
 * asked for.
 */
function rename(bytes: Uint8Array, request: ListingRequest): string {
  const text = new TextDecoder().decode(bytes)
  const json: unknown = JSON.parse(text)
  if (typeof json !== 'object' || json === null) throw new Error('wanted a JSON object')
  if (request.kind === 'tags') return JSON.stringify({ ...json, name: request.repository })
  if (!('manifests' in json) || !Array.isArray(json.manifests)) {
    throw new Error('wanted an index with manifests for a list of referrers')
  }
  return text
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
  // A list that is neither there nor refused: the upstream, or what stands before it, is not well.
  if (status >= 500 || status === 408 || status < 400) return 'UNAVAILABLE'
  // oras takes NAME_UNKNOWN for an error; any other 404 sends it to the referrers' tag, which is
  // what is wanted.
  return request.kind === 'referrers' ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN'
}
