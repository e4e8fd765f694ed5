import { decideBlob } from './decide-blob.ts'
import { decideManifest } from './decide-manifest.ts'
import type { Decision } from './decision.ts'
import { quote, refuse } from './error.ts'
import type { Tell } from './tell.ts'
import type { ClientLocation } from './location.ts'
import type { Policy, Presence } from './policy.ts'
import type { BlobRequest, RegistryRequest } from './request.ts'
import { isSignatureTag } from './request.ts'
import type { Upstream } from './upstream.ts'
import { signaturesOf, upstreamOf } from './upstream.ts'

/**
 * The whole policy. docs/request-handling.md tells it in the same order, and `tell` hears it step
 * by step.
 */
export function decide(
  request: RegistryRequest,
  client: ClientLocation | undefined,
  policy: Policy,
  presence: Presence | undefined,
  tell?: Tell,
): Decision {
  if (request.kind === 'refusal') {
    tell?.(`request: refused with ${request.status} ${request.code}: ${request.message}`)
    return { action: 'refuse', reason: 'refused', refusal: request }
  }
  tell?.(`request: ${request.kind}`)
  if (request.kind === 'version' || request.kind === 'token') return decideWhoKnows(request, policy)

  if (policy.within !== undefined) tell?.(`name: of ${policy.within || 'any'} alone`)
  const owner = upstreamOf(policy.upstreams, request.repository)
  tell?.(`upstream of ${request.repository}: ${owner?.registry ?? 'none'}`)
  if (owner === undefined) {
    // 404 and no other: containerd goes on to its next host.
    const refusal = refuse('NAME_UNKNOWN', `no upstream serves ${quote(request.repository)}`)
    return { action: 'refuse', reason: 'refused', refusal }
  }
  const upstream = addressOf(owner, request, client, policy)
  if (upstream !== owner) tell?.(`its address for this request: ${upstream.registry}`)
  switch (request.kind) {
    case 'tags':
    case 'referrers':
      // Its pages link to one another: clients follow the links to whoever they asked first.
      return { action: 'relay', reason: 'listing', upstream }
    case 'manifest':
      return decideManifest(request, client, upstream, policy, presence, tell)
    case 'blob':
      return keepClosed(
        decideBlob(request, client, upstream, policy, presence, tell),
        request,
        upstream,
        policy,
        tell,
      )
  }
}

/**
 * What not everyone may read is the upstream's to give: a mirror is for anyone, and so is what is
 * known here.
 */
function keepClosed(
  decision: Decision,
  request: BlobRequest,
  upstream: Upstream,
  policy: Policy,
  tell: Tell | undefined,
): Decision {
  if (upstream.clientCredentials !== true || decision.action === 'upstream') return decision
  const openness = policy.openness?.(upstream, request) ?? 'closed'
  tell?.(`repository: ${openness === 'open' ? 'anyone may read it' : openness}`)
  if (openness === 'open') return decision
  if (openness === 'unknown') return { action: 'ask-upstream', upstream, request }
  return { action: 'upstream', reason: 'credentials', upstream }
}

/** Who a client is, an upstream may know: we do not. */
function decideWhoKnows({ kind }: { kind: 'version' | 'token' }, policy: Policy): Decision {
  const { upstreams } = policy
  const knowing = upstreams.filter(({ clientCredentials }) => clientCredentials === true)
  if (kind === 'version') {
    if (knowing.length === 0) return { action: 'version', reason: 'version' }
    return { action: 'version', reason: 'version', upstreams: knowing }
  }
  if (knowing.length > 0) return { action: 'token', reason: 'credentials', upstreams }
  const refusal = refuse('NAME_UNKNOWN', 'no upstream here has tokens for its clients')
  return { action: 'refuse', reason: 'refused', refusal }
}

/**
 * Signatures, attestations and referrers are in one place, which may be ahead of the others; all else
 * is asked where it is nearest.
 */
function addressOf(
  owner: Upstream,
  request: Exclude<RegistryRequest, { kind: 'refusal' | 'version' }>,
  client: ClientLocation | undefined,
  { places }: Policy,
): Upstream {
  const isOfOnePlace =
    request.kind === 'referrers' ||
    (request.kind === 'manifest' && isSignatureTag(request.reference))
  const canonical = isOfOnePlace ? signaturesOf(owner) : undefined
  return canonical ?? places?.(owner, client) ?? owner
}
