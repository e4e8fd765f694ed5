import type { Decision, Onward, UpstreamReason } from './decision.ts'
import { refuse } from './error.ts'
import type { Tell } from './tell.ts'
import { holdingOf } from './holding-of.ts'
import type { ClientLocation } from './location.ts'
import type { Mirror } from './mirror.ts'
import type { Failover, Policy, Presence } from './policy.ts'
import type { BlobRequest } from './request.ts'
import type { Upstream } from './upstream.ts'

/** The policy for blobs: which mirror, or why the upstream. */
export function decideBlob(
  request: BlobRequest,
  client: ClientLocation | undefined,
  upstream: Upstream,
  policy: Policy,
  presence: Presence | undefined,
  tell: Tell | undefined,
): Decision {
  const digest = request.mirrorable
  // Mirrors hold SHA-256 alone.
  if (digest === undefined) {
    tell?.('digest: not a SHA-256, so no mirror holds it')
    return toUpstream('not-mirrored', upstream)
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
    return toUpstream('same-cloud', upstream)
  }
  if (route.candidates.length === 0) {
    tell?.('mirrors that may serve this client: none')
    return toUpstream(route.otherwise, upstream)
  }
  if (presence === undefined) {
    tell?.('index: none')
    return toUpstream('no-index', upstream)
  }

  let failed = false
  let out: Out | undefined
  for (const { mirror, reason } of route.candidates) {
    const holding = holdingOf(mirror, digest, presence, tell)
    tell?.(`${mirror.id} (${reason}): ${holding}`)
    if (holding === 'present') return goOn({ action: 'mirror', reason, mirror }, out)
    if (holding === 'unknown') return { action: 'ask', mirror, digest }
    if (holding !== 'failed') continue
    failed = true
    const { failover } = presence
    if (failover?.isOut(mirror) === true) out ??= { mirror, failover, request, client, tell }
  }
  return goOn(toUpstream(failed ? 'unhealthy' : 'not-mirrored', upstream), out)
}

function toUpstream(reason: UpstreamReason, upstream: Upstream): Onward {
  return { action: 'upstream', reason, upstream }
}

/** The first mirror that a request passes over, as it is out. */
type Out = {
  readonly mirror: Mirror
  readonly failover: Failover
  readonly request: BlobRequest
  readonly client: ClientLocation | undefined
  readonly tell: Tell | undefined
}

function goOn(to: Onward, out: Out | undefined): Decision {
  if (out === undefined) return to
  const { mirror, failover, request, client, tell } = out
  tell?.(`${mirror.id}: out, as it does not serve`)
  // A HEAD reads nothing.
  if (request.method === 'HEAD' || failover.mayGoOn(client, mirror, to)) {
    return { ...to, insteadOf: mirror }
  }
  tell?.('what is next costs more, and what that may cost in an hour is spent')
  // 429 and no other: whoever can wait asks again.
  const message = `${mirror.id} does not serve now, and all that may be spent instead is spent`
  const refusal = refuse('TOOMANYREQUESTS', message)
  return { action: 'refuse', reason: 'over-budget', refusal }
}
