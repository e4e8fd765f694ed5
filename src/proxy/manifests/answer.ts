import type { Reason } from '../../core/reason.ts'
import type { KeptManifest, SeenTag } from './memory.ts'

/**
 * A manifest that is held whole, for a GET or a HEAD, with the three headers that crane and oras
 * cannot do without.
 */
export function answerManifest(
  { bytes, mediaType, digest }: KeptManifest,
  method: string,
  reason: Reason,
  warning: string | null = null,
): Response {
  const headers: Record<string, string> = {
    'Content-Type': mediaType,
    'Content-Length': String(bytes.length),
    'Docker-Content-Digest': digest,
    // A tag moves, and an edge that compresses would take the length away.
    'Cache-Control': 'no-store, no-transform',
    'X-Nearport-Reason': reason,
  }
  // The distribution spec has warnings of 4,096 bytes in all.
  if (warning !== null && warning.length <= 4096) headers['Warning'] = warning
  return new Response(method === 'HEAD' ? null : bytes, { status: 200, headers })
}

/**
 * What clients show their users of a tag that could not be asked for (RFC 7234 §5.5, in the form of
 * the distribution spec, "Warnings"): `why` has no quotes in it.
 */
export function staleWarning({ seenMs }: SeenTag, why: string): string {
  const seen = new Date(seenMs).toISOString().replace(/\.\d+Z$/, 'Z')
  return `299 - "nearport: ${why}; this tag was last seen at ${seen}"`
}
