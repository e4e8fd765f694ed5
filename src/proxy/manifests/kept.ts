import { accepts, readAccept } from '../../core/accept.ts'
import { isWellFormedDigest, parseDigest } from '../../core/digest.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { ManifestRequest } from '../../core/request.ts'
import type { Upstream } from '../../core/upstream.ts'
import { answerManifest } from './answer.ts'
import type { ManifestDeps } from './deps.ts'
import { relayByDigest } from './digest.ts'
import { placeOf } from './memory.ts'
import { knownTag, relayByTag } from './tag.ts'
import type { Relayed, RelayContext } from '../relay/context.ts'
import { relayManifest } from '../relay/manifest.ts'

/** Manifests that are kept near the clients. */
export type KeptManifests = {
  /** The answer that takes no asking, in the same turn; undefined: there is none. */
  readonly find: (
    request: ManifestRequest,
    upstream: Upstream,
    headers: Headers,
  ) => Relayed | undefined
  /** The answer otherwise. `mirror` may hold the manifest. Throws where there is no answer. */
  readonly relay: (
    context: RelayContext<ManifestRequest>,
    mirror: Mirror | undefined,
  ) => Promise<Relayed>
}

/**
 * Keeps manifests: by SHA-256 they never change, and are asked for once; tags are asked for every
 * time, or as seldom as `tagMs` lets them. What has another digest or a query is passed on.
 */
export function createKeptManifests(deps: ManifestDeps): KeptManifests {
  return {
    find({ method, repository, reference, query }, upstream, headers) {
      if (query !== '') return undefined
      const place = placeOf(upstream, repository)
      const accepted = readAccept(headers.get('accept'))
      const digest = parseDigest(reference)
      if (digest === undefined) return knownTag({ tag: reference, method, place, accepted }, deps)
      const manifest = deps.memory.find(place, digest)
      if (manifest === undefined || !accepts(accepted, manifest.mediaType)) return undefined
      const response = answerManifest(manifest, method, 'known-manifest')
      return { response, reason: 'known-manifest', source: 'memory' }
    },

    relay(context, mirror) {
      const { reference, query } = context.request
      const digest = parseDigest(reference)
      const isOther = digest === undefined && isWellFormedDigest(reference)
      if (query !== '' || isOther) return relayManifest(context)
      return digest === undefined
        ? relayByTag(context, deps)
        : relayByDigest(context, digest, mirror, deps)
    },
  }
}
