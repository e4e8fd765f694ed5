import type { Digest } from './digest.ts'
import { parseDigest } from './digest.ts'
import type { Refusal } from './error.ts'
import { quote, refuse } from './error.ts'
import type { ClientLocation } from './location.ts'
import type { Mirror } from './mirror.ts'
import type { Reason } from './reason.ts'
import type { BlobRequest, ManifestRequest, RegistryRequest } from './request.ts'
import { isSignatureTag } from './request.ts'
import type { MirrorReason, Route } from './route.ts'
import type { Upstream } from './upstream.ts'
import { signaturesOf, upstreamOf } from './upstream.ts'
import type { UpstreamPlaces } from './upstream-places.ts'

/** What to answer, and why. */
export type Decision =
  /** `upstreams` say whom they know, where clients' own credentials count: all those of this name. */
  | {
      readonly action: 'version'
      readonly reason: 'version'
      readonly upstreams?: readonly Upstream[]
    }
  /** A token for a client's own credentials, of the upstream among these that it is wanted for. */
  | {
      readonly action: 'token'
      readonly reason: 'credentials'
      readonly upstreams: readonly Upstream[]
    }
  | (Onward & { readonly insteadOf?: Mirror | undefined })
  | { readonly action: 'relay'; readonly reason: 'listing'; readonly upstream: Upstream }
  | GivenManifest
  | { readonly action: 'size'; readonly reason: 'known-size'; readonly sizeBytes: number }
  | {
      readonly action: 'refuse'
      readonly reason: 'refused' | 'over-budget'
      readonly refusal: Refusal
    }
  /**
   * Learn whether this mirror holds the blob, and decide again. Only where presence is learnt by
   * asking.
   */
  | { readonly action: 'ask'; readonly mirror: Mirror; readonly digest: Digest }
  /** Learn whether anyone may read the blob where it comes from, and decide again. */
  | {
      readonly action: 'ask-upstream'
      readonly upstream: Upstream
      readonly request: BlobRequest
    }

/** Where a client reads a blob; `insteadOf` is the mirror that would have it, were it not out. */
export type Onward =
  | { readonly action: 'mirror'; readonly reason: MirrorReason; readonly mirror: Mirror }
  | { readonly action: 'upstream'; readonly reason: UpstreamReason; readonly upstream: Upstream }

/** A decision that stands: nothing needs to be learnt for it any more. */
export type Settled = Exclude<Decision, { action: 'ask' | 'ask-upstream' }>

/**
 * A manifest that is given here, in either mode of its upstream: from what is kept, else from
 * `mirror`, which may hold it, else the upstream is asked.
 */
export type GivenManifest = {
  readonly action: 'relay'
  readonly reason: 'manifest'
  readonly upstream: Upstream
  readonly mirror?: Mirror | undefined
}

/** Why the upstream answers. */
export type UpstreamReason = Extract<
  Reason,
  | 'manifest'
  | 'configured'
  | 'opted-out'
  | 'credentials'
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
  /** Whether manifests are kept here, and whether mirrors hold them too; default: neither. */
  readonly manifests?: 'kept' | 'in mirrors' | undefined
  /** Which address of an upstream is asked for a client; undefined: each has one. */
  readonly places?: UpstreamPlaces | undefined
  /**
   * Whether anyone may read a blob at an upstream where clients' own credentials count; default: nobody
   * may.
   */
  readonly openness?: ((upstream: Upstream, request: BlobRequest) => Openness) | undefined
  /** The prefix that everything asked for is in, where its name here goes without; default: none. */
  readonly within?: string | undefined
}

/** `unknown`: not asked yet. `closed`: also where no answer came. */
export type Openness = 'open' | 'closed' | 'unknown'

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
  /** Undefined: no mirror is out. */
  readonly failover?: Failover | undefined
}

/** Mirrors that are out, as they do not serve: whatever they hold, of them `failed` is said. */
export type Failover = {
  readonly isOut: (mirror: Mirror) => boolean
  /** Whether a client may go on from one that is out, as it may cost more than may be spent. */
  readonly mayGoOn: (client: ClientLocation | undefined, from: Mirror, to: Onward) => boolean
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

function decideManifest(
  request: ManifestRequest,
  client: ClientLocation | undefined,
  upstream: Upstream,
  policy: Policy,
  presence: Presence | undefined,
  tell: Tell | undefined,
): Decision {
  // Who may see what is not ours to know where the client's own credentials count.
  if (policy.manifests === undefined || upstream.clientCredentials === true) {
    return { action: 'upstream', reason: 'manifest', upstream }
  }
  const digest = parseDigest(request.reference)
  if (digest === undefined) {
    tell?.('manifest: by tag, of which the upstream is asked, or was a little while ago')
    return { action: 'relay', reason: 'manifest', upstream }
  }
  tell?.('manifest: by digest, from memory where it is kept')
  if (policy.manifests === 'kept') return { action: 'relay', reason: 'manifest', upstream }

  // The manifest is read here and not there: to ask a mirror that may hold it is to read it.
  const mirror = policy
    .route(client)
    .candidates.map((each) => each.mirror)
    .find((each) =>
      ['present', 'unknown'].includes(
        presence ? holdingOf(each, digest, presence, tell) : 'absent',
      ),
    )
  tell?.(`manifest: from ${mirror?.id ?? 'no mirror'}, or else the upstream`)
  return { action: 'relay', reason: 'manifest', upstream, mirror }
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
  return goOn(toUpstream(failed ? 'unhealthy' : 'not-mirrored'), out)
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

/** Whatever a mirror holds, it serves nobody while its addresses cannot be signed. */
function holdingOf(
  mirror: Mirror,
  digest: Digest,
  presence: Presence,
  tell: Tell | undefined,
): Holding {
  if (mirror.signer === undefined || mirror.signer.isReady()) return presence.holds(mirror, digest)
  tell?.(
    `${mirror.id}: private, and there are no credentials that its addresses can be signed with`,
  )
  return 'failed'
}
