import type { ListingRequest } from '../../core/request.ts'
import { askUpstream } from './ask-upstream.ts'
import { readBounded } from '../read-bounded.ts'
import type { Relayed, RelayContext } from './context.ts'
import { relayFailure } from './failure.ts'

/**
 * Gives tags and referrers under our own name. Lists are not redirected: their pages link to one
 * another, and clients ask for the next page where they asked for the first, or refuse a link to
 * another host.
 */
export async function relayListing(context: RelayContext<ListingRequest>): Promise<Relayed> {
  const { request, headers, deps } = context
  const rest = request.kind === 'tags' ? 'tags/list' : `referrers/${request.digest}`
  const accept = headers.get('accept')
  // Always a GET: the upstream's HEAD may lack the length that ours must have.
  const asked = {
    method: 'GET',
    rest: rest + request.query,
    headers: accept === null ? {} : { accept },
    follows: () => true,
  } as const
  const answer = await askUpstream(asked, context)
  if (answer.kind === 'refused' || answer.response.status !== 200) {
    return relayFailure(context, answer)
  }
  const limits = { maxBytes: deps.maxListBytes, idleMs: deps.timeoutMs }
  const body = rename(await readBounded(answer.response, limits), request)
  return { response: answerListing(body, answer.response, request, rest) }
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
