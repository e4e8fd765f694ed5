import type { Decision } from './decision.ts'
import { parseDigest } from './digest.ts'
import type { Tell } from './tell.ts'
import { holdingOf } from './holding-of.ts'
import type { ClientLocation } from './location.ts'
import type { Policy, Presence } from './policy.ts'
import type { ManifestRequest } from './request.ts'
import type { Upstream } from './upstream.ts'

/** The policy for manifests: where they are kept they are given here, and else the upstream's to give. */
export function decideManifest(
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
