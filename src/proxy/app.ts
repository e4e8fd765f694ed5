import { Hono } from 'hono'
import type { Decision } from '../core/decision.ts'
import { decide } from '../core/decision.ts'
import { refuse } from '../core/error.ts'
import type { BlobRequest, ListingRequest, ManifestRequest } from '../core/request.ts'
import { parseRequest } from '../core/request.ts'
import {
  answerRefusal,
  answerSize,
  answerVersion,
  redirectToMirror,
  redirectToUpstream,
} from './answer.ts'
import { decideByAsking } from './ask.ts'
import { describe } from './describe.ts'
import type { Handling, ProxyDeps } from './handling.ts'

/** The service that clients see. Every answer is made here, and leaves one event. */
export function createApp<Env extends object>(deps: ProxyDeps<Env>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>()
  app.all('*', (c) => handle(c.req.raw, c.env, deps))
  app.onError((error, c) => {
    const refusal = refuse('UNKNOWN', 'something went wrong here')
    const method = c.req.method
    const range = undefined
    const handling = { method, request: refusal, range, client: undefined, ...startTimes(deps) }
    const decision = { action: 'refuse', reason: 'refused', refusal } as const
    deps.record(describe(decision, handling, refusal.status, deps, error.stack))
    return answerRefusal(refusal, method)
  })
  return app
}

function handle<Env>(raw: Request, env: Env, deps: ProxyDeps<Env>): Response | Promise<Response> {
  const times = startTimes(deps)
  const request = parseRequest(raw.method, targetOf(raw.url))
  const client = deps.locate(raw, env)
  const range = request.kind === 'blob' ? (raw.headers.get('range') ?? undefined) : undefined
  const handling = { method: raw.method, request, range, client, ...times }
  const policy = deps.optedOut?.(raw, env) ?? deps.policy()
  const decision = decide(request, client, policy, deps.presence.current())
  // No promise where none is needed: the answer from memory goes out in the same turn.
  return decision.action === 'ask'
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
  decision: Exclude<Decision, { action: 'ask' }>,
  raw: Request,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Response | Promise<Response> {
  const { method, request } = handling
  const finish = (response: Response, error?: string) => {
    deps.record(describe(decision, handling, response.status, deps, error))
    return response
  }
  switch (decision.action) {
    case 'version':
      return finish(answerVersion(method))
    case 'refuse':
      return finish(answerRefusal(decision.refusal, method))
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
  return deps
    .relay(request as BlobRequest | ManifestRequest | ListingRequest, decision, raw)
    .then(({ response, error }) => finish(response, error))
}
