import { isManifestType } from '../../core/accept.ts'
import type { Digest } from '../../core/digest.ts'
import { manifestTypeOf } from '../../core/manifest.ts'
import type { Mirror } from '../../core/mirror.ts'
import { signedBlobUrl } from '../../core/mirror.ts'
import type { ManifestDeps } from './deps.ts'
import type { KeptManifest } from './memory.ts'
import { isSchema1 } from './read.ts'
import { readBounded } from '../read-bounded.ts'
import { sha256Of } from '../relay/manifest.ts'

export type MirrorManifestDeps = {
  readonly fetch: typeof fetch
  /** How long a mirror has to answer, and each next byte, in milliseconds: the upstream is there, too. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

/**
 * Reads manifests from mirrors, by the address that a client would be sent to for a blob. What is not
 * there, too large, late, not what its name says, or no manifest, is not to be had there.
 */
export function createManifestMirror(deps: MirrorManifestDeps): ManifestDeps['readMirror'] {
  return (mirror, digest) => read(mirror, digest, deps).catch(() => undefined)
}

async function read(
  mirror: Mirror,
  digest: Digest,
  { fetch: fetchNow, timeoutMs, maxBytes }: MirrorManifestDeps,
): Promise<KeptManifest | undefined> {
  const answer = await fetchNow(signedBlobUrl(mirror, 'GET', digest), {
    // Nothing of a client's goes to a mirror, and a mirror leads nowhere.
    headers: { 'accept-encoding': 'identity' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (answer.status !== 200) {
    await answer.body?.cancel()
    return undefined
  }
  const bytes = await readBounded(answer, { maxBytes, idleMs: timeoutMs })
  if ((await sha256Of(bytes)) !== digest) return undefined
  const mediaType = typeOf(answer.headers.get('content-type') ?? '', bytes)
  return mediaType === undefined ? undefined : { digest, mediaType, bytes }
}

/**
 * What sync wrote beside it; else, where a registry's own storage wrote the bucket, what it says itself.
 * A blob that was asked for as a manifest is none.
 */
function typeOf(said: string, bytes: Uint8Array): string | undefined {
  if (isManifestType(said) && !isSchema1(said)) return said
  return manifestTypeOf(new TextDecoder().decode(bytes))
}
