import { decide } from '../core/decide.ts'
import type { Decision } from '../core/decision.ts'
import { locationText } from '../core/location.ts'
import type { BlobRequest, ManifestRequest } from '../core/request.ts'
import { nsOf } from '../core/request.ts'
import type { Answer } from './answer.ts'
import {
  answerRefused,
  answerSize,
  answerVersion,
  redirectToMirror,
  redirectToUpstream,
} from './answer.ts'
import { describe } from './describe.ts'
import type { Handling, ProxyDeps } from './handling.ts'
import { parseRequest } from './parse-request.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Answers a request from what is known here and now, and leaves its event; undefined, and no event,
 * where somebody else has to be asked first.
 */
export type AtOnce<Env> = (head: RequestHead, env: Env) => Answer | undefined

/** A request as far as it is understood, and what it comes to if nothing more is learnt. */
export type Begun = { readonly handling: Handling; readonly decision: Decision }

/** Reads a request, and decides by what is known. Asks nobody. */
export function begin<Env>(head: RequestHead, env: Env, deps: ProxyDeps<Env>): Begun {
  const timeMs = deps.now()
  const startedMs = deps.elapsedMs()
  const { method } = head
  const request = parseRequest(method, head.target)
  const client = deps.locate(head, env)
  const range = request.kind === 'blob' ? (head.header('range') ?? undefined) : undefined
  const policy = deps.policyOf(head, nsOf(request), env)
  const decision = decide(request, client, policy, deps.presence.current())
  return { handling: { method, request, range, client, policy, timeMs, startedMs }, decision }
}

/** The answer to a decision for which nobody needs to be asked, with its event left; else undefined. */
export function answerKnown<Env>(
  decision: Decision,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Answer | undefined {
  if (!isKnown(decision)) return undefined
  const answer = answerOf(decision, handling)
  const ns = namespaceOf(handling)
  if (ns !== undefined) answer.headers['OCI-Namespace'] = ns
  deps.record(describe(decision, handling, answer.status, deps))
  return answer
}

/** What the distribution spec has whoever went by `ns` say; only a name that is listed comes this far. */
export function namespaceOf({ policy, request }: Handling): string | undefined {
  return policy.within === undefined ? undefined : nsOf(request) || undefined
}

type Known = Extract<Decision, { action: 'version' | 'refuse' | 'mirror' | 'size' | 'upstream' }>

function isKnown(decision: Decision): decision is Known {
  switch (decision.action) {
    case 'mirror':
    case 'size':
    case 'refuse':
      return true
    case 'upstream':
      return decision.upstream.mode !== 'relay'
    case 'version':
      return decision.upstreams === undefined
    case 'token':
    case 'relay':
    case 'ask':
    case 'ask-upstream':
      return false
  }
}

function answerOf(decision: Known, { method, request, client }: Handling): Answer {
  switch (decision.action) {
    case 'mirror':
      return redirectToMirror(decision, request as BlobRequest)
    case 'upstream':
      return redirectToUpstream(decision, request as BlobRequest | ManifestRequest)
    case 'size':
      return answerSize(decision.sizeBytes, request as BlobRequest)
    case 'refuse':
      return answerRefused(decision, method)
    case 'version': {
      const answer = answerVersion(method)
      // Whoever sets a nearport up sees here whether it reads addresses where they are.
      answer.headers['X-Nearport-Client'] = locationText(client)
      return answer
    }
  }
}
