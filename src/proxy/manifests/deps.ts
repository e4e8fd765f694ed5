import type { Digest } from '../../core/digest.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { ManifestRequest } from '../../core/request.ts'
import { answerManifest } from './answer.ts'
import type { KeptManifest, ManifestMemory } from './memory.ts'
import type { ReadManifest } from './read.ts'
import type { Relayed, RelayContext } from '../relay/context.ts'

/** What keeping manifests takes. */
export type ManifestDeps = {
  readonly memory: ManifestMemory
  /** How long a tag need not be asked for again, in milliseconds. */
  readonly tagMs: number
  /** How long a tag still serves while its upstream is down, in milliseconds. */
  readonly staleMs: number
  /** Runs one call for all who ask for the same at once. On Workers each runs its own. */
  readonly coalesce: (key: string, run: () => Promise<ToldManifest>) => Promise<ToldManifest>
  /** Reads a manifest from a mirror; undefined: it is not to be had there. Never fails. */
  readonly readMirror: (mirror: Mirror, digest: Digest) => Promise<KeptManifest | undefined>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What became of asking for a manifest, for everyone who asked. */
export type ToldManifest =
  | ReadManifest
  /** It was kept here, or a mirror had it. */
  | {
      readonly kind: 'known'
      readonly manifest: KeptManifest
      readonly warning: string | null
      readonly source: 'memory' | 'mirror'
    }
  /** The upstream's answer to a HEAD, as it came. */
  | { readonly kind: 'passed on'; readonly relayed: Relayed }

/** The context of a call that several requests share: it does not end with the client of any. */
export function sharedContext(
  context: RelayContext<ManifestRequest>,
): RelayContext<ManifestRequest> {
  return { ...context, signal: AbortSignal.timeout(context.deps.timeoutMs) }
}

/**
 * The answer for one of those who asked. Whoever came while another's question was under way had the
 * manifest from here: the upstream was asked once.
 */
export function answerTold(
  told: Exclude<ToldManifest, { kind: 'not to be kept' }>,
  { method }: ManifestRequest,
  isOwn: boolean,
): Relayed {
  switch (told.kind) {
    case 'read':
      return isOwn
        ? {
            response: answerManifest(told.manifest, method, 'manifest', told.warning),
            source: 'upstream',
          }
        : known(told, method, 'memory')
    case 'known':
      return known(told, method, isOwn ? told.source : 'memory')
    case 'failed':
    case 'passed on':
      return { ...copyOf(told.relayed, method), source: 'upstream' }
  }
}

function known(
  { manifest, warning }: { readonly manifest: KeptManifest; readonly warning: string | null },
  method: string,
  source: 'memory' | 'mirror',
): Relayed {
  const response = answerManifest(manifest, method, 'known-manifest', warning)
  return { response, reason: 'known-manifest', source }
}

/** An answer whose body may be read once more. */
function copyOf(relayed: Relayed, method: string): Relayed {
  const { status, headers } = relayed.response
  const response =
    method === 'HEAD' ? new Response(null, { status, headers }) : relayed.response.clone()
  return { ...relayed, response }
}
