import { canaryText } from '../../core/canary.ts'
import type { Digest } from '../../core/digest.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { immutable } from '../bucket/bucket.ts'
import { digestOf } from '../content-digest.ts'

/**
 * The blob by which a mirror is tried: its bytes, and the digest that it is stored and asked for
 * by.
 */
export type Canary = { readonly digest: Digest; readonly bytes: Buffer }

/** The canary of one mirror. */
export function canaryOf(mirrorId: string): Canary {
  const bytes = Buffer.from(canaryText(mirrorId))
  return { digest: digestOf(bytes), bytes }
}

/** Writes the canary of a bucket's mirror into it. Throws BucketError. */
export async function putCanary(bucket: Bucket): Promise<void> {
  const { id, keys } = bucket.mirror
  const { digest, bytes } = canaryOf(id)
  const how = { contentType: 'application/octet-stream', cacheControl: immutable }
  await bucket.put(keys.keyOf(digest), bytes, how)
}
