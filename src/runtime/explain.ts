import type { Policy } from '../core/decision.ts'
import type { Explanation } from '../core/explain.ts'
import { explainRequest } from '../core/explain.ts'
import type { ClientLocation } from '../core/location.ts'
import type { Mirror } from '../core/mirror.ts'
import type { BlobRequest, ManifestRequest } from '../core/request.ts'
import { redirectToMirror, redirectToUpstream } from '../proxy/answer.ts'
import { knownAndLearnt } from '../proxy/ask.ts'
import type { LearntHolding, PresenceSource } from '../proxy/presence.ts'

/** What explaining goes by: the same as a request. */
export type ExplainDeps = {
  /** The policy for whoever comes from an address. */
  readonly policyFor: (address: string) => Policy
  readonly presence: PresenceSource
  readonly locate: (address: string) => ClientLocation | undefined
}

/** Explains what a client at an address would be answered, asking mirrors where a request would. */
export async function explainAddress(
  method: string,
  path: string,
  address: string,
  { policyFor, presence, locate }: ExplainDeps,
): Promise<Explanation> {
  const client = locate(address)
  const policy = policyFor(address)
  // What was learnt holds here, whatever the memory forgets meanwhile: no mirror is asked twice.
  const learnt = new Map<Mirror, LearntHolding>()
  for (;;) {
    const known = knownAndLearnt(presence.current(), learnt)
    const explanation = explainRequest(method, path, client, policy, known)
    if (explanation.kind === 'explained') return explanation
    const { mirror, digest } = explanation
    learnt.set(mirror, await presence.ask(mirror, digest))
  }
}

/** The address, every step and what comes of them, a line each. */
export function explanationLines(address: string, explanation: Explanation): readonly string[] {
  const answer = Object.entries(outcomeOf(explanation))
  return [
    `address: ${address}`,
    ...explanation.steps,
    ...answer.map(([name, value]) => `${name}: ${value}`),
  ]
}

/** What the decision comes to, as the client would see it. */
export function outcomeOf({
  request,
  decision,
}: Explanation): Readonly<Record<string, string | number>> {
  const { action } = decision
  switch (action) {
    case 'mirror':
      return {
        action,
        reason: decision.reason,
        mirror: decision.mirror.id,
        location: locationOf(redirectToMirror(decision, request as BlobRequest)),
      }
    case 'upstream':
      // Where the client is sent then, only the upstream knows.
      if (decision.upstream.mode === 'relay') {
        return { action, reason: decision.reason, upstream: decision.upstream.registry }
      }
      return {
        action,
        reason: decision.reason,
        location: locationOf(
          redirectToUpstream(decision, request as BlobRequest | ManifestRequest),
        ),
      }
    case 'relay':
      return { action, reason: decision.reason, upstream: decision.upstream.registry }
    case 'size':
      return { action, reason: decision.reason, sizeBytes: decision.sizeBytes }
    case 'refuse':
      return { action, reason: decision.reason, status: decision.refusal.status }
    case 'version':
      return { action, reason: decision.reason }
  }
}

function locationOf(response: Response): string {
  return response.headers.get('location')!
}
