import type { Decision, Settled } from '../core/decision.ts'
import type { Presence } from '../core/policy.ts'
import { decide } from '../core/decide.ts'
import type { Mirror } from '../core/mirror.ts'
import type { Handling, ProxyDeps } from './handling.ts'
import type { LearntHolding } from './presence.ts'
import { within } from './within.ts'

type Ask = Extract<Decision, { action: 'ask' | 'ask-upstream' }>

/**
 * Asks mirrors, in the policy's order, until the decision stands; where clients' own credentials count,
 * the upstream first, whether anyone may read it. Once the request's time for asking is over, mirrors
 * not heard of count as failed, so the client gets an image from somewhere else, and soon.
 */
export async function decideByAsking<Env>(
  first: Ask,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Promise<Settled> {
  // What was learnt holds for this whole request, whatever the memory forgets meanwhile.
  const learnt = new Map<Mirror, LearntHolding>()
  let { policy, startedMs } = handling
  let decision: Decision = first
  for (;;) {
    if (decision.action === 'ask-upstream') {
      const openness =
        (await deps.passThrough?.askOpenness(decision.request, decision.upstream)) ?? 'closed'
      policy = { ...policy, openness: () => openness }
      // Mirrors have time of their own.
      startedMs = deps.elapsedMs()
      decision = decide(handling.request, handling.client, policy, deps.presence.current())
      continue
    }
    if (decision.action !== 'ask') return decision
    const { mirror, digest }: Extract<Ask, { action: 'ask' }> = decision
    const leftMs = deps.askForMs - (deps.elapsedMs() - startedMs)
    const holding =
      leftMs > 0
        ? await within(leftMs, deps.presence.ask(mirror, digest), () => 'failed' as const)
        : 'failed'
    learnt.set(mirror, holding)
    const presence = knownAndLearnt(deps.presence.current(), learnt)
    decision = decide(handling.request, handling.client, policy, presence)
  }
}

/** What is known, under what was learnt just now. */
export function knownAndLearnt(
  known: Presence | undefined,
  learnt: ReadonlyMap<Mirror, LearntHolding>,
): Presence | undefined {
  return (
    known && { ...known, holds: (mirror, what) => learnt.get(mirror) ?? known.holds(mirror, what) }
  )
}
