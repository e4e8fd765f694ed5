import type { Digest } from '../../core/digest.ts'
import { parseDigest } from '../../core/digest.ts'
import type { ManifestForm } from '../../core/ledger.ts'
import { manifestTypeOf } from '../../core/manifest.ts'
import type { FetchedManifest } from '../upstream/upstream.ts'

/**
 * Manifests that a walk fetched and that are to be written, so that their upstream need not send them
 * again: so many bytes of them, and what comes beyond is fetched once more.
 */
export type ManifestBytes = {
  readonly keep: (digest: Digest, bytes: Buffer) => void
  readonly find: (digest: Digest) => Buffer | undefined
}

const usualMostBytes = 64 * 1024 * 1024

/** Creates an empty store for what `isLacked` says that some mirror lacks. */
export function createManifestBytes(
  isLacked: (digest: Digest, sizeBytes: number) => boolean,
  mostBytes = usualMostBytes,
): ManifestBytes {
  const kept = new Map<Digest, Buffer>()
  let leftBytes = mostBytes
  return {
    find: (digest) => kept.get(digest),
    keep(digest, bytes) {
      if (kept.has(digest) || bytes.length > leftBytes || !isLacked(digest, bytes.length)) return
      leftBytes -= bytes.length
      kept.set(digest, bytes)
    },
  }
}

/** What a manifest is itself, whether or not it can be mirrored. */
export function formOf({ bytes, mediaType }: FetchedManifest): ManifestForm {
  const type = mediaType === '' ? (manifestTypeOf(bytes.toString()) ?? '') : mediaType
  return { sizeBytes: bytes.length, mediaType: type }
}

/**
 * The digest of a manifest that mirrors can hold; undefined for what is no SHA-256, has no type, or is
 * Docker's signed schema 1, whose bytes are others than its digest says.
 */
export function mirrorableManifest(
  digest: string,
  { mediaType }: ManifestForm,
): Digest | undefined {
  if (mediaType === '' || mediaType.endsWith('+prettyjws')) return undefined
  return parseDigest(digest)
}
