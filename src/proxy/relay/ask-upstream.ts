import { isWellFormedDigest } from '../../core/digest.ts'
import type { Upstream } from '../../core/upstream.ts'
import { signaturesOf } from '../../core/upstream.ts'
import type { AskedOfRepository, RelayContext, RelayedRequest, UpstreamAnswer } from './context.ts'
import { askAddress } from './context.ts'
import { discard } from '../upstream/fetch.ts'

/**
 * Asks the upstream of a request, at one of its addresses after another until one is well. What one
 * address alone has, a signature's own manifest and blobs, is asked there where the others do not know
 * it. Throws where none answers.
 */
export async function askUpstream(
  asked: AskedOfRepository,
  context: RelayContext,
): Promise<UpstreamAnswer> {
  const { upstream, request, signal } = context
  const answer = await askByTurns(asked, context)
  if (statusOf(answer) !== 404 || !mayBeOfSignature(request)) return answer
  const canonical = signaturesOf(upstream)
  if (canonical === undefined || canonical.registry === upstream.registry) return answer
  letGo(answer)
  return askAddress(asked, canonical, signal, context)
}

async function askByTurns(
  asked: AskedOfRepository,
  context: RelayContext,
): Promise<UpstreamAnswer> {
  const { upstream, signal, deps } = context
  const others = upstream.others ?? []
  // The time there is must do for all of them.
  const turnMs = deps.timeoutMs / (others.length + 1)
  let turn = upstream
  for (const next of others) {
    const answer = await askInTime(asked, turn, turnMs, context)
    deps.health.hear(turn.registry, answer !== undefined)
    if (answer !== undefined) return answer
    turn = next
  }
  const answer = await askAddress(asked, turn, signal, context)
  if (others.length > 0) deps.health.hear(turn.registry, statusOf(answer) < 500)
  return answer
}

/** The answer of an address that is well. */
async function askInTime(
  asked: AskedOfRepository,
  place: Upstream,
  withinMs: number,
  context: RelayContext,
): Promise<UpstreamAnswer | undefined> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), withinMs)
  try {
    const signal = AbortSignal.any([context.signal, late.signal])
    const answer = await askAddress(asked, place, signal, context)
    if (statusOf(answer) < 500) return answer
    letGo(answer)
  } catch (error) {
    // A client that left says nothing of the upstream.
    if (context.signal.aborted) throw error
  } finally {
    // A body that is on its way has time of its own.
    clearTimeout(timer)
  }
  return undefined
}

function statusOf(answer: UpstreamAnswer): number {
  return answer.kind === 'refused' ? answer.status : answer.response.status
}

function letGo(answer: UpstreamAnswer): void {
  if (answer.kind === 'answered') discard(answer.response)
}

/** Tags say whose signature they are, and were asked in the one place already. */
function mayBeOfSignature(request: RelayedRequest): boolean {
  return (
    request.kind === 'blob' ||
    (request.kind === 'manifest' && isWellFormedDigest(request.reference))
  )
}
