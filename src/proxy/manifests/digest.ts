import { accepts, readAccept } from '../../core/accept.ts'
import type { Digest } from '../../core/digest.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { ManifestRequest } from '../../core/request.ts'
import type { ManifestDeps, ToldManifest } from './deps.ts'
import { answerTold, sharedContext } from './deps.ts'
import { placeOf } from './memory.ts'
import { isDown, readManifest, statusOf } from './read.ts'
import type { Relayed, RelayContext } from '../relay/context.ts'
import { askManifest, relayManifest } from '../relay/manifest.ts'
import { discard } from '../upstream/fetch.ts'

/**
 * Gives a manifest by its digest, and keeps it: from the mirror that may have it, else from the
 * upstream, which is asked once for all who ask at once. A HEAD reads it too: its GET comes next. A
 * mirror knows no repositories: where it is not known that this one has the manifest, the upstream is
 * asked by a HEAD, which registries that count pulls do not count.
 */
export async function relayByDigest(
  context: RelayContext<ManifestRequest>,
  digest: Digest,
  mirror: Mirror | undefined,
  deps: ManifestDeps,
): Promise<Relayed> {
  const { request, upstream, headers } = context
  const place = placeOf(upstream, request.repository)
  // Kept, and not of a type that this client takes: the upstream knows what to say to that.
  if (deps.memory.find(place, digest) !== undefined) return relayManifest(context)

  let isOwn = false
  const key = `${place}@${digest} ${headers.get('accept') ?? ''}`
  const told = await deps.coalesce(key, () => {
    isOwn = true
    return find()
  })
  return told.kind === 'not to be kept' ? relayManifest(context) : answerTold(told, request, isOwn)

  async function find(): Promise<ToldManifest> {
    // What it answers has a body, for those of the others who want one.
    const shared = sharedContext({ ...context, request: { ...request, method: 'GET' } })
    if (mirror !== undefined && (deps.memory.isIn(place, digest) || (await mayHave(shared)))) {
      const manifest = await deps.readMirror(mirror, digest)
      if (manifest !== undefined) {
        deps.memory.keep(place, manifest)
        // Of a type that this client does not take, which is the upstream's to say.
        if (!accepts(readAccept(headers.get('accept')), manifest.mediaType)) {
          return { kind: 'not to be kept' }
        }
        return { kind: 'known', manifest, warning: null, source: 'mirror' }
      }
    }
    const read = await readManifest(shared)
    if (read.kind === 'read') deps.memory.keep(place, read.manifest)
    return read
  }
}

/** Whether the upstream has a manifest, or is not there to say that it has not. */
async function mayHave(context: RelayContext<ManifestRequest>): Promise<boolean> {
  try {
    const head = await askManifest('HEAD', context)
    const status = statusOf(head)
    if (head.kind === 'answered') discard(head.response)
    return status === 200 || isDown(status)
  } catch {
    return true
  }
}
