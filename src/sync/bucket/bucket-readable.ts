import type { Mirror } from '../../core/mirror.ts'
import { createSigner } from '../../core/signing/presign-signer.ts'
import type { BucketSession } from './bucket-session.ts'

/**
 * The mirror of a bucket as it is read from outside. A private one has a signer with the credentials
 * that the bucket is written with: what `serve` signs with may be others, which it finds out itself.
 * Throws BucketError where there are none.
 */
export async function readableMirror(session: BucketSession): Promise<Mirror> {
  const { mirror, client, ask } = session
  const { urlSeconds, signingRegion } = mirror.store
  if (urlSeconds === undefined) return mirror
  const found = await ask('credentials', () => client.config.credentials())
  const place = { url: mirror.publicUrl, region: signingRegion }
  const signer = createSigner(place, { urlSeconds, now: Date.now })
  signer.renew({ ...found, expiresAtMs: found.expiration?.getTime() })
  return { ...mirror, signer }
}
