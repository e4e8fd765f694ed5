import type { Decision, Presence } from '../core/decision.ts'
import { decide } from '../core/decision.ts'
import type { Mirror } from '../core/mirror.ts'
import type { Handling, ProxyDeps } from './handling.ts'
import type { LearntHolding } from './presence.ts'

type Ask = Extract<Decision, { action: 'ask' }>
type Settled = Exclude<Decision, Ask>

/**
 * Asks mirrors, in the policy's order, until the decision stands. Once the request's time for asking is over, mirrors
 * not heard of count as failed, so the client gets an image from somewhere else, and soon.
 */
export async function decideByAsking<Env>(
  first: Ask,
  handling: Handling,
  deps: ProxyDeps<Env>,
): Promise<Settled> {
  // What was learnt holds for this whole request, whatever the memory forgets meanwhile.
  const learnt = new Map<Mirror, LearntHolding>()
  let decision: Decision = first
  while (decision.action === 'ask') {
    const { mirror, digest }: Ask = decision
    const inTime = deps.now() - handling.startedMs < deps.askForMs
    learnt.set(mirror, inTime ? await deps.presence.ask(mirror, digest) : 'failed')

    const known = deps.presence.current()
    const presence: Presence | undefined = known && {
      ...known,
      holds: (each, what) => learnt.get(each) ?? known.holds(each, what),
    }
    decision = decide(handling.request, handling.client, deps.policy(), presence)
  }
  return decision
}
