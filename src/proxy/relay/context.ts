import type { ManifestSource } from '../../core/event.ts'
import type { Reason } from '../../core/reason.ts'
import type { BlobRequest, ListingRequest, ManifestRequest } from '../../core/request.ts'
import type { Upstream } from '../../core/upstream.ts'
import { upstreamRepository, upstreamUrl } from '../../core/upstream.ts'
import { clientAuthorization } from '../pass-through/client-authorization.ts'
import type { ClientChallenges } from '../pass-through/client-challenge.ts'
import type { BodyLimits } from './guard-body.ts'
import type { Room } from './room.ts'
import type { AuthorizationRefused, Authority } from '../upstream/authority.ts'
import type { FetchedAnswer, SendFor, UpstreamFetch } from '../upstream/fetch.ts'
import { discard, fetchUpstream } from '../upstream/fetch.ts'
import type { UpstreamHealth } from '../upstream/health.ts'

export type RelayDeps = {
  readonly fetch: SendFor
  /** Who asks for tokens where upstreams want them. */
  readonly authority: Authority
  /** Which of an upstream's addresses are well, where it has several. */
  readonly health: Pick<UpstreamHealth, 'hear'>
  /** How clients are asked who they are, where their own credentials count. */
  readonly challenges?: ClientChallenges | undefined
  /** Hosts that an upstream may lead us to although they are private. */
  readonly realms: ReadonlySet<string>
  /** How long an upstream has to answer, and a body to bring its next byte. */
  readonly timeoutMs: number
  /** How long a client may leave a body unread before it loses its place. */
  readonly clientIdleMs: number
  /** An upstream's list beyond this is refused, not held in memory. */
  readonly maxListBytes: number
  /** A manifest beyond this is refused; none is held in memory that says how long it is. */
  readonly maxManifestBytes: number
  /** A blob that the upstream sends itself, without a redirect, is refused beyond this. */
  readonly inlineBytes: number
  /** Lists under way at once, which are held in memory; who comes beyond may come again. */
  readonly listsAtOnce: number
  /** Manifests and blobs under way at once, to their last byte. */
  readonly atOnce: number
  /** This service's own name in `Via`, by which it knows a request that it sent itself. */
  readonly name: string
}

/** A relayed answer, and what went wrong with the upstream if something did. */
export type Relayed = {
  readonly response: Response
  readonly error?: string
  /** Why it is answered so, where that is another reason than the decision's. */
  readonly reason?: Reason
  /** Where a manifest came from, where manifests are kept. */
  readonly source?: ManifestSource
  /** Whether the answer's body is still to come from the upstream: `onEnd` will be called. */
  readonly isStreamed?: true
}

export type RelayedRequest = ListingRequest | ManifestRequest | BlobRequest

/** What a body that is passed on may be: of so many bytes, or of so many at most. */
export function bodyLimits(
  exactBytes: number | undefined,
  maxBytes: number,
  { timeoutMs, clientIdleMs }: RelayDeps,
): BodyLimits {
  return { exactBytes, maxBytes, idleMs: timeoutMs, readerIdleMs: clientIdleMs }
}

/** One request that is relayed. */
export type RelayContext<R extends RelayedRequest = RelayedRequest> = {
  readonly request: R
  readonly upstream: Upstream
  /** Why it is relayed, for the answer. */
  readonly reason: Reason
  /** What the client sent with it. */
  readonly headers: Headers
  /** The whole address that it asked. */
  readonly url: string
  /** Aborts when the client has left, and when there is no answer in time. */
  readonly signal: AbortSignal
  /** Aborts when the client has left. */
  readonly left: AbortSignal
  /** What is read whole into memory takes a place here. */
  readonly held: Room
  /** To be called at the end of a streamed body. */
  readonly onEnd: () => void
  readonly deps: RelayDeps
}

/** What to ask of the request's repository. */
export type AskedOfRepository = Pick<UpstreamFetch, 'method' | 'headers'> & {
  /** What follows the repository in the path, with its query, as in `tags/list?n=1`. */
  readonly rest: string
  readonly follows: UpstreamFetch['follows']
  /** Whether a token that is refused may have got old; default: it may. */
  readonly renews?: boolean
}

/** What came of asking: an answer of whatever status, or no leave to ask. */
export type UpstreamAnswer = ({ readonly kind: 'answered' } & FetchedAnswer) | AuthorizationRefused

/**
 * Asks an upstream, at its address, with a token where it is relayed and wants one: a 401 is met once.
 * A 401 that comes all the same, or no token, is `refused`. Throws where there is no answer.
 */
export async function askAddress(
  { method, headers, rest, follows, renews = true }: AskedOfRepository,
  upstream: Upstream,
  signal: AbortSignal,
  { request, deps, headers: sent }: Pick<RelayContext, 'request' | 'deps' | 'headers'>,
): Promise<UpstreamAnswer> {
  const url = upstreamUrl(upstream, request.repository, rest)
  const scope = `repository:${upstreamRepository(upstream, request.repository)}:pull`
  const rules = { registry: upstream.registry, realms: deps.realms }
  const ask = async (authorization: string | undefined) => {
    const all = { ...headers, via: `1.1 ${deps.name}` }
    const asked = { method, url, headers: all, authorization, signal, follows }
    return { kind: 'answered', ...(await fetchUpstream(asked, rules, deps.fetch)) } as const
  }
  if (upstream.clientCredentials === true) return ask(clientAuthorization(sent))
  // Where clients are redirected they would be refused as well.
  if (upstream.mode !== 'relay') return ask(undefined)

  const first = await deps.authority.authorize(upstream, scope)
  if (first.kind === 'refused') return first
  const answer = await ask(first.header)
  // What another host wants, to which the upstream sent us, is not ours to give.
  if (answer.response.status !== 401 || answer.url.origin !== new URL(url).origin) return answer
  if (!renews && first.header !== undefined) return answer

  discard(answer.response)
  const challenge = answer.response.headers.get('www-authenticate')
  const met = await deps.authority.meet(upstream, scope, first.header, challenge)
  return met.kind === 'refused' ? met : ask(met.header)
}
