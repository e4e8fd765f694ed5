import type { Explanation } from '../core/explain.ts'
import { explainRequest } from '../core/explain.ts'
import type { ClientLocation } from '../core/location.ts'
import type { Mirror } from '../core/mirror.ts'
import type { NamedPolicy } from '../core/named-policy.ts'
import type { BlobRequest, ManifestRequest } from '../core/request.ts'
import { nsOf, parseRequest } from '../core/request.ts'
import { redirectToMirror, redirectToUpstream } from '../proxy/answer.ts'
import { knownAndLearnt } from '../proxy/ask.ts'
import type { LearntHolding, PresenceSource } from '../proxy/presence.ts'
import type { RepositoryOpenness } from '../proxy/pass-through/repository-openness.ts'

/** What explaining goes by: the same as a request. */
export type ExplainDeps = {
  /** The policy for whoever comes from an address, by the names that are asked by. */
  readonly policyFor: (address: string) => NamedPolicy
  /** The Host that is asked; default: one that the configuration does not know. */
  readonly host?: string | undefined
  readonly presence: PresenceSource
  /** Who asks upstreams that know their clients; undefined: there are none. */
  readonly passThrough?: RepositoryOpenness | undefined
  readonly locate: (address: string) => ClientLocation | undefined
}

/** Explains what a client at an address would be answered, asking mirrors where a request would. */
export async function explainAddress(
  method: string,
  path: string,
  address: string,
  { policyFor, presence, passThrough, locate, host = '' }: ExplainDeps,
): Promise<Explanation> {
  const client = locate(address)
  let policy = policyFor(address)(() => host, nsOf(parseRequest(method, path)))
  // What was learnt holds here, whatever the memory forgets meanwhile: no mirror is asked twice.
  const learnt = new Map<Mirror, LearntHolding>()
  for (;;) {
    const known = knownAndLearnt(presence.current(), learnt)
    const explanation = explainRequest(method, path, client, policy, known)
    if (explanation.kind === 'explained') return explanation
    if (explanation.action === 'ask') {
      const { mirror, digest } = explanation
      learnt.set(mirror, await presence.ask(mirror, digest))
    } else {
      const { request, upstream } = explanation
      const openness = (await passThrough?.askOpenness(request, upstream)) ?? 'closed'
      policy = { ...policy, openness: () => openness }
    }
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
        // What is signed is for the client alone: whoever has it may read the blob.
        location: redirectToMirror(decision, request as BlobRequest).headers['Location']!.split(
          '?',
        )[0]!,
        ...(decision.mirror.signer && { signed: 'yes: its query is not shown' }),
      }
    case 'upstream':
      // Where the client is sent then, only the upstream knows.
      if (decision.upstream.mode === 'relay') {
        return { action, reason: decision.reason, upstream: decision.upstream.registry }
      }
      return {
        action,
        reason: decision.reason,
        location: redirectToUpstream(decision, request as BlobRequest | ManifestRequest).headers[
          'Location'
        ]!,
      }
    case 'relay':
      return { action, reason: decision.reason, upstream: decision.upstream.registry }
    case 'size':
      return { action, reason: decision.reason, sizeBytes: decision.sizeBytes }
    case 'refuse':
      return { action, reason: decision.reason, status: decision.refusal.status }
    case 'version':
    case 'token':
      return { action, reason: decision.reason }
  }
}
