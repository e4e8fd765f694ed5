import type { Digest } from './digest.ts'
import type { KeyTemplate } from './key-template.ts'
import type { SignedMethod } from './signing/presign.ts'
import { encodePath } from './signing/presign-encoding.ts'
import type { Signer } from './signing/presign-signer.ts'

/** One bucket in one cloud region that holds blobs by digest. */
export type Mirror = {
  /** `<cloud>/<region>`, and `/<suffix>` where there are two in one region. */
  readonly id: string
  readonly cloud: string
  readonly region: string
  /** What a client's URL begins with, without a slash at its end. */
  readonly publicUrl: string
  readonly keys: KeyTemplate
  /** Signs its addresses, where it is private; undefined: anyone may read it. */
  readonly signer?: Signer | undefined
}

/** A mirror's id taken apart, or undefined where the text is not one. */
export function parseMirrorId(
  text: string,
): { readonly cloud: string; readonly region: string } | undefined {
  const match = /^([a-z][a-z0-9]*)\/([a-zA-Z0-9-]+)(?:\/[a-z0-9-]+)?$/.exec(text)
  return match ? { cloud: match[1]!, region: match[2]! } : undefined
}

/** Where a blob is, unsigned: what a message may say. */
export function blobUrl(mirror: Mirror, digest: Digest): string {
  return `${mirror.publicUrl}/${mirror.keys.keyOf(digest)}`
}

/**
 * The one absolute URL a client is sent to for a blob: of a private mirror good for this method alone,
 * for a while, and for whoever has it, so that it belongs into no record. Throws where it cannot be
 * signed.
 */
export function signedBlobUrl(mirror: Mirror, method: SignedMethod, digest: Digest): string {
  const { signer, keys } = mirror
  return signer === undefined ? blobUrl(mirror, digest) : signer.sign(method, keys.pathOf(digest))
}

/** The same for what is nearport's own in a mirror, by its key. */
export function signedUrl(mirror: Mirror, method: SignedMethod, key: string): string {
  const { signer, publicUrl } = mirror
  return signer === undefined ? `${publicUrl}/${key}` : signer.sign(method, encodePath(key))
}

/**
 * Where a bucket is read by anyone, for the clouds that have one rule for it; undefined for the
 * others, whose mirrors say it themselves. AWS: the dual-stack host, so that IPv6-only callers stay
 * in the region; partitions have domains of their own (S3 user guide, "Dual-stack endpoints"; the
 * AWS SDK's partitions.json).
 */
export function defaultPublicUrl(
  cloud: string,
  region: string,
  bucket: string,
): string | undefined {
  if (cloud === 'gcp') return `https://storage.googleapis.com/${bucket}`
  if (cloud !== 'aws') return undefined
  const host = awsHost(region)
  // A certificate for *.s3.… does not cover a bucket with dots in its name.
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`
}

function awsHost(region: string): string {
  if (region.startsWith('cn-')) return `s3.dualstack.${region}.amazonaws.com.cn`
  // The European sovereign partition has no dual-stack endpoints.
  if (region.startsWith('eusc-')) return `s3.${region}.amazonaws.eu`
  return `s3.dualstack.${region}.amazonaws.com`
}
