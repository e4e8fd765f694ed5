import type { Digest } from './digest.ts'
import type { Refusal } from './error.ts'
import { quote, refuse } from './error.ts'
import type { ClientLocation } from './location.ts'
import type { Mirror } from './mirror.ts'
import type { Reason } from './reason.ts'
import type { BlobRequest, RegistryRequest } from './request.ts'
import type { MirrorReason, Route } from './route.ts'
import type { Upstream } from './upstream.ts'
import { upstreamOf } from './upstream.ts'

/** What to answer, and why. */
export type Decision =
  | { readonly action: 'version'; readonly reason: 'version' }
  | { readonly action: 'mirror'; readonly reason: MirrorReason; readonly mirror: Mirror }
  | { readonly action: 'upstream'; readonly reason: UpstreamReason; readonly upstream: Upstream }
  | { readonly action: 'relay'; readonly reason: 'listing'; readonly upstream: Upstream }
  | { readonly action: 'size'; readonly reason: 'known-size'; readonly sizeBytes: number }
  | { readonly action: 'refuse'; readonly reason: 'refused'; readonly refusal: Refusal }
  /**
   * Learn whether this mirror holds the blob, and decide again. Only where presence is learnt by
   * asking.
   */
  | { readonly action: 'ask'; readonly mirror: Mirror; readonly digest: Digest }

/** Why the upstream answers. */
export type UpstreamReason = Extract<
  Reason,
  | 'manifest'
  | 'configured'
  | 'opted-out'
  | 'same-cloud'
  | 'no-location'
  | 'no-mirror'
  | 'no-index'
  | 'not-mirrored'
  | 'unhealthy'
>

/** Where the upstreams and mirrors are, and who goes where. */
export type Policy = {
  /** Longest prefix first. */
  readonly upstreams: readonly Upstream[]
  readonly mirrors: readonly Mirror[]
  readonly route: (client: ClientLocation | undefined) => Route
}

/** The policy for clients that must not be sent to a mirror: the same, with none in it. */
export function withoutMirrors(policy: Policy): Policy {
  return { ...policy, route: () => optedOut }
}

// As one that the configuration names, it stands above every rule.
const optedOut: Route = { candidates: [], configured: true, otherwise: 'opted-out' }

/**
 * What is known of what the mirrors hold. `undefined` in its place: nothing is, since no index is
 * loaded.
 */
export type Presence = {
  readonly holds: (mirror: Mirror, digest: Digest) => Holding
  /** The blob's size in bytes where it is known. */
  readonly sizeBytes: (digest: Digest) => number | undefined
}

/** `unknown`: not asked yet. `failed`: asked, and the mirror gave no answer that says yes or no. */
export type Holding = 'present' | 'absent' | 'unknown' | 'failed'

/** Hears of every step to a decision, in the words of `nearport explain`. */
export type Tell = (step: string) => void

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
  if (request.kind === 'version') return { action: 'version', reason: 'version' }

  const upstream = upstreamOf(policy.upstreams, request.repository)
  tell?.(`upstream of ${request.repository}: ${upstream?.registry ?? 'none'}`)
  if (upstream === undefined) {
    // 404 and no other: containerd goes on to its next host.
    const refusal = refuse('NAME_UNKNOWN', `no upstream serves ${quote(request.repository)}`)
    return { action: 'refuse', reason: 'refused', refusal }
  }
  switch (request.kind) {
    case 'tags':
    case 'referrers':
      // Its pages link to one another: clients follow the links to whoever they asked first.
      return { action: 'relay', reason: 'listing', upstream }
    case 'manifest':
      return { action: 'upstream', reason: 'manifest', upstream }
    case 'blob':
      return decideBlob(request, client, upstream, policy, presence, tell)
  }
}

function decideBlob(
  request: BlobRequest,
  client: ClientLocation | undefined,
  upstream: Upstream,
  policy: Policy,
  presence: Presence | undefined,
  tell: Tell | undefined,
): Decision {
  const toUpstream = (reason: UpstreamReason) => ({ action: 'upstream', reason, upstream }) as const
  const digest = request.mirrorable
  // Mirrors hold SHA-256 alone.
  if (digest === undefined) {
    tell?.('digest: not a SHA-256, so no mirror holds it')
    return toUpstream('not-mirrored')
  }

  // S3 cannot send Docker-Content-Digest; we can, and it saves a hop.
  if (request.method === 'HEAD') {
    const sizeBytes = presence?.sizeBytes(digest)
    tell?.(`size: ${sizeBytes ?? 'not known here'}`)
    if (sizeBytes !== undefined) return { action: 'size', reason: 'known-size', sizeBytes }
  }

  const route = policy.route(client)
  tell?.(`route: ${route.configured ? 'named in the configuration' : 'by the rules'}`)
  // The upstream lives in this cloud: reading from it there costs its publisher no internet egress.
  if (!route.configured && client !== undefined && client.cloud === upstream.cloud) {
    tell?.(`upstream: it is in ${client.cloud} too`)
    return toUpstream('same-cloud')
  }
  if (route.candidates.length === 0) {
    tell?.('mirrors that may serve this client: none')
    return toUpstream(route.otherwise)
  }
  if (presence === undefined) {
    tell?.('index: none')
    return toUpstream('no-index')
  }

  let failed = false
  for (const { mirror, reason } of route.candidates) {
    const holding = presence.holds(mirror, digest)
    tell?.(`${mirror.id} (${reason}): ${holding}`)
    if (holding === 'present') return { action: 'mirror', reason, mirror }
    if (holding === 'unknown') return { action: 'ask', mirror, digest }
    if (holding === 'failed') failed = true
  }
  return toUpstream(failed ? 'unhealthy' : 'not-mirrored')
}
