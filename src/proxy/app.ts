import { Hono } from 'hono'
import type { Decision, Settled } from '../core/decision.ts'
import type { Policy } from '../core/policy.ts'
import { refuse } from '../core/error.ts'
import { locationText } from '../core/location.ts'
import type { BlobRequest, ListingRequest, ManifestRequest, TokenRequest } from '../core/request.ts'
import { responseOf, respondRefusal } from './answer.ts'
import { decideByAsking } from './ask.ts'
import { answerKnown, begin, namespaceOf } from './at-once.ts'
import { describe } from './describe.ts'
import type { Handling, ProxyDeps } from './handling.ts'
import type { VersionRequest } from './pass-through/pass-through.ts'
import type { Relayed, Told } from './relay/relay.ts'
import { headOf } from './request-head.ts'

/** The service that clients see. Every answer is made here, and leaves one event. */
export function createApp<Env extends object>(deps: ProxyDeps<Env>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>()
  app.all('*', (c) => handle(c.req.raw, c.env, deps))
  app.onError((error, c) => {
    const refusal = refuse('UNKNOWN', 'something went wrong here')
    const { method } = c.req
    const times = { timeMs: deps.now(), startedMs: deps.elapsedMs() }
    const unread = { range: undefined, client: undefined, policy: none }
    const handling = { method, request: refusal, ...unread, ...times }
    const decision = { action: 'refuse', reason: 'refused', refusal } as const
    deps.record(describe(decision, handling, refusal.status, deps, error.stack))
    return respondRefusal(refusal, method)
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
  const { handling, decision } = begin(headOf(raw), env, deps)
  // No promise where none is needed: the answer from memory goes out in the same turn.
  return isSettled(decision)
    ? answer(decision, raw, handling, deps)
    : decideByAsking(decision, handling, deps).then((asked) => answer(asked, raw, handling, deps))
}

function isSettled(decision: Decision): decision is Settled {
  return decision.action !== 'ask' && decision.action !== 'ask-upstream'
}

function answer<Env>(
  decision: Settled,
  raw: Request,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Response | Promise<Response> {
  const known = answerKnown(decision, handling, deps)
  // What is not known has to be given by an upstream, or by one of what is kept of it.
  return known === undefined ? give(decision as Given, raw, handling, deps) : responseOf(known)
}

type Given = Extract<Settled, { action: 'version' | 'token' | 'upstream' | 'relay' }>

function give<Env>(
  decision: Given,
  raw: Request,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Response | Promise<Response> {
  const { request } = handling
  const finish = (response: Response, error?: string, told?: Told) => {
    const ns = namespaceOf(handling)
    if (ns !== undefined) response.headers.set('OCI-Namespace', ns)
    if (request.kind === 'version') {
      response.headers.set('X-Nearport-Client', locationText(handling.client))
    }
    deps.record(describe(decision, handling, response.status, deps, error, told))
    return response
  }
  if (decision.action === 'version' || decision.action === 'token') {
    const { passThrough } = deps
    if (passThrough === undefined) throw new Error('wanted passThrough for clientCredentials')
    return passThrough
      .answer(request as VersionRequest | TokenRequest, decision.upstreams ?? [], raw)
      .then(({ response, error }) => finish(response, error))
  }
  const given = (relayed: Relayed) => finish(relayed.response, relayed.error, relayed)
  const asked = request as BlobRequest | ManifestRequest | ListingRequest
  const relayed = deps.relay(asked, decision, raw)
  return relayed instanceof Promise ? relayed.then(given) : given(relayed)
}
