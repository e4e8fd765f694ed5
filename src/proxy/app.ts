import { Hono } from 'hono'
import type { Settled } from '../core/decision.ts'
import type { Policy } from '../core/policy.ts'
import { decide } from '../core/decide.ts'
import { refuse } from '../core/error.ts'
import type { BlobRequest, ListingRequest, ManifestRequest, TokenRequest } from '../core/request.ts'
import { locationText } from '../core/location.ts'
import { nsOf, parseRequest } from '../core/request.ts'
import type { Upstream } from '../core/upstream.ts'
import {
  answerRefusal,
  answerRefused,
  answerSize,
  answerVersion,
  redirectToMirror,
  redirectToUpstream,
} from './answer.ts'
import { decideByAsking } from './ask.ts'
import { describe } from './describe.ts'
import type { Handling, ProxyDeps } from './handling.ts'
import type { VersionRequest } from './pass-through/pass-through.ts'
import type { Relayed, Told } from './relay/relay.ts'

/** The service that clients see. Every answer is made here, and leaves one event. */
export function createApp<Env extends object>(deps: ProxyDeps<Env>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>()
  app.all('*', (c) => handle(c.req.raw, c.env, deps))
  app.onError((error, c) => {
    const refusal = refuse('UNKNOWN', 'something went wrong here')
    const method = c.req.method
    const range = undefined
    const times = startTimes(deps)
    const handling = { method, request: refusal, range, client: undefined, policy: none, ...times }
    const decision = { action: 'refuse', reason: 'refused', refusal } as const
    deps.record(describe(decision, handling, refusal.status, deps, error.stack))
    return answerRefusal(refusal, method)
  })
  return app
}

/** Of a request that went wrong nothing is known. */
const none: Policy = {
  upstreams: [],
  mirrors: [],
  route: () => ({ candidates: [], configured: false, otherwise: 'no-location' }),
}

function handle<Env>(raw: Request, env: Env, deps: ProxyDeps<Env>): Response | Promise<Response> {
  const times = startTimes(deps)
  const request = parseRequest(raw.method, targetOf(raw.url))
  const client = deps.locate(raw, env)
  const range = request.kind === 'blob' ? (raw.headers.get('range') ?? undefined) : undefined
  const policy = deps.policyOf(raw, nsOf(request), env)
  const handling = { method: raw.method, request, range, client, policy, ...times }
  const decision = decide(request, client, policy, deps.presence.current())
  // No promise where none is needed: the answer from memory goes out in the same turn.
  return decision.action === 'ask' || decision.action === 'ask-upstream'
    ? decideByAsking(decision, handling, deps).then((asked) => answer(asked, raw, handling, deps))
    : answer(decision, raw, handling, deps)
}

function startTimes(deps: Pick<ProxyDeps<never>, 'now' | 'elapsedMs'>) {
  return { timeMs: deps.now(), startedMs: deps.elapsedMs() }
}

/** Path and query as they stand in an absolute URL. */
function targetOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.indexOf('#', start)
  return end === -1 ? url.slice(start) : url.slice(start, end)
}

function answer<Env>(
  decision: Settled,
  raw: Request,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Response | Promise<Response> {
  const { method, request, policy } = handling
  const finish = (response: Response, error?: string, told?: Told) => {
    // The distribution spec has whoever went by it say so; only a name that is listed comes this far.
    const ns = policy.within === undefined ? undefined : nsOf(request)
    if (ns) response.headers.set('OCI-Namespace', ns)
    // Whoever sets a nearport up sees here whether it reads addresses where they are.
    if (request.kind === 'version') {
      response.headers.set('X-Nearport-Client', locationText(handling.client))
    }
    deps.record(describe(decision, handling, response.status, deps, error, told))
    return response
  }
  const askWhoKnows = (upstreams: readonly Upstream[]) => {
    const { passThrough } = deps
    if (passThrough === undefined) throw new Error('wanted passThrough for clientCredentials')
    return passThrough
      .answer(request as VersionRequest | TokenRequest, upstreams, raw)
      .then(({ response, error }) => finish(response, error))
  }
  switch (decision.action) {
    case 'version':
      if (decision.upstreams === undefined) return finish(answerVersion(method))
      return askWhoKnows(decision.upstreams)
    case 'token':
      return askWhoKnows(decision.upstreams)
    case 'refuse':
      return finish(answerRefused(decision, method))
    case 'mirror':
      return finish(redirectToMirror(decision, request as BlobRequest))
    case 'size':
      return finish(answerSize(decision.sizeBytes, request as BlobRequest))
    case 'upstream':
      if (decision.upstream.mode === 'relay') break
      return finish(redirectToUpstream(decision, request as BlobRequest | ManifestRequest))
    case 'relay':
      break
  }
  const given = (relayed: Relayed) => finish(relayed.response, relayed.error, relayed)
  const asked = request as BlobRequest | ManifestRequest | ListingRequest
  const relayed = deps.relay(asked, decision, raw)
  return relayed instanceof Promise ? relayed.then(given) : given(relayed)
}
