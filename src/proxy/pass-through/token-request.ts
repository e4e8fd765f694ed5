import { refuse } from '../../core/error.ts'
import type { TokenRequest } from '../../core/request.ts'
import { pullScope, readPullScopes } from '../../core/token-scope.ts'
import type { Upstream } from '../../core/upstream.ts'
import { upstreamOf, upstreamRepository } from '../../core/upstream.ts'
import { respondRefusal } from '../answer.ts'
import type { ClientAsked } from './client-asked.ts'
import { knowingUpstreams, refuseClient } from './client-asked.ts'
import { clientPassword, worthlessToken } from './client-authorization.ts'
import { basicChallenge } from './client-challenge.ts'
import type { ClientWay } from './client-ways.ts'
import type { Relayed } from '../relay/context.ts'
import { fetchToken } from '../upstream/token.ts'

/**
 * `GET /token` (distribution's token.md): the upstream's token server is asked in its own names, with
 * the client's password where there is one, and nobody else is. Where nobody is to be asked the token
 * is one of no worth: for what anyone may have, and where several registries might be meant.
 */
export async function answerTokenRequest(
  { query }: TokenRequest,
  asked: ClientAsked,
): Promise<Relayed> {
  const { method, upstreams, signal, challenges } = asked
  const scopes = readPullScopes(query)
  if (scopes.kind === 'refusal') {
    return { response: respondRefusal(scopes, method, 'credentials') }
  }
  const wanted = chooseUpstream(scopes.repositories, upstreams)
  if (wanted === undefined) return { response: answerToken(worthless, asked) }
  const way = await challenges.ways.find(wanted.upstream, signal)
  switch (way.kind) {
    case 'open':
      return { response: answerToken(worthless, asked) }
    case 'basic':
      return { response: respondRefusal(noTokens, method, 'credentials') }
    case 'bearer':
      return askTokenServer(way, wanted, asked)
  }
}

type Wanted = { readonly upstream: Upstream; readonly scopes: readonly string[] }

/** The upstream that a token is wanted of, and for what in its own names; undefined: of none. */
function chooseUpstream(
  repositories: readonly string[],
  upstreams: readonly Upstream[],
): Wanted | undefined {
  const [meant] = repositories
  if (meant === undefined) {
    const [upstream, ...others] = knowingUpstreams(upstreams)
    // A login. To ask them all would be to tell each the password of another.
    return upstream === undefined || others.length > 0 ? undefined : { upstream, scopes: [] }
  }
  const upstream = upstreamOf(upstreams, meant)
  if (upstream?.clientCredentials !== true) return undefined
  const ofIt = repositories.filter((name) => upstreamOf(upstreams, name) === upstream)
  return { upstream, scopes: ofIt.map((name) => pullScope(upstreamRepository(upstream, name))) }
}

async function askTokenServer(
  way: Extract<ClientWay, { kind: 'bearer' }>,
  { upstream, scopes }: Wanted,
  asked: ClientAsked,
): Promise<Relayed> {
  const { headers, method, ours, deps } = asked
  const send = (url: string, init: RequestInit) => deps.fetch(url, init, upstream.registry)
  const { timeoutMs } = deps
  const wanted = way.onlyScope === undefined ? scopes : [way.onlyScope]
  const said = await fetchToken(way, wanted, clientPassword(headers), { send, timeoutMs })
  if (said.kind === 'token') {
    const token = said.header.slice('Bearer '.length)
    return { response: answerToken({ ...said, token }, asked) }
  }
  if (said.status !== 401) {
    return refuseClient(asked, said.status, said.retryAfter, 'the upstream’s token server')
  }
  const refusal = refuse('UNAUTHORIZED', 'the upstream’s token server does not know this client')
  const more: Record<string, string> = ours.isSafe ? { 'WWW-Authenticate': basicChallenge } : {}
  return { response: respondRefusal(refusal, method, 'credentials', more) }
}

type Given = {
  readonly token: string
  readonly livesMs: number
  readonly issuedAt: string | undefined
}

const worthless: Given = { token: worthlessToken, livesMs: 300_000, issuedAt: undefined }

/** Both names of the token are read: containerd wants `token`, OAuth2 has `access_token`. */
function answerToken({ token, livesMs, issuedAt }: Given, { method }: ClientAsked): Response {
  const body = JSON.stringify({
    token,
    access_token: token,
    expires_in: Math.floor(livesMs / 1000),
    issued_at: issuedAt ?? new Date().toISOString(),
  })
  return new Response(method === 'HEAD' ? null : body, {
    status: 200,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': String(new TextEncoder().encode(body).length),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Nearport-Reason': 'credentials',
    },
  })
}

/** Behind one name all have to be asked in one way: docker and podman ask `/v2/` which, and for all. */
const noTokens = refuse(
  'UNSUPPORTED',
  'the registry of this repository wants a password with each request, and has no tokens',
  400,
)
