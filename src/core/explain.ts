import type { Decision, Settled } from './decision.ts'
import type { Policy, Presence } from './policy.ts'
import { decide } from './decide.ts'
import type { ClientLocation } from './location.ts'
import { locationText } from './location.ts'
import type { RegistryRequest } from './request.ts'
import { parseRequest } from './request.ts'

/** What a decision was made of, a step a line, in the order of the policy. */
export type Explanation = {
  readonly kind: 'explained'
  readonly request: RegistryRequest
  readonly steps: readonly string[]
  readonly decision: Settled
}
/**
 * Nothing to tell yet: it must first be learnt whether this mirror holds the blob, or whether anyone
 * may read it.
 */
type Ask = Extract<Decision, { action: 'ask' | 'ask-upstream' }>

/**
 * Decides as for a client at `client`, and tells every step. `target` is a raw path, as in
 * `/v2/app/manifests/1.0`.
 */
export function explainRequest(
  method: string,
  target: string,
  client: ClientLocation | undefined,
  policy: Policy,
  presence: Presence | undefined,
): Explanation | ({ readonly kind: 'ask' } & Ask) {
  const request = parseRequest(method, target)
  const steps = [`client: ${locationText(client)}`]
  const decision = decide(request, client, policy, presence, (step) => steps.push(step))
  if (decision.action === 'ask' || decision.action === 'ask-upstream') {
    return { kind: 'ask', ...decision }
  }
  return { kind: 'explained', request, steps, decision }
}
