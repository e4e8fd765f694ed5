import type { Readable } from 'node:stream'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import type { Digest } from '../core/digest.ts'
import { hexOf } from '../core/digest.ts'

/**
 * A PUT that signs the digest as the hash of its payload, so that stores that know no
 * `x-amz-checksum-sha256` refuse other bytes too (Signature Version 4, "Signature calculations:
 * transferring payload in a single chunk").
 */
export function putBlobCommand(input: PutObjectCommandInput, digest: Digest): PutObjectCommand {
  const command = new PutObjectCommand({ ...input, ChecksumSHA256: checksumOf(digest) })
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> }
      headers['x-amz-content-sha256'] = hexOf(digest)
      return next(args)
    },
    { step: 'build', name: 'signDigest' },
  )
  return command
}

/** A digest as S3 writes a SHA-256. */
export function checksumOf(digest: Digest): string {
  return Buffer.from(hexOf(digest), 'hex').toString('base64')
}

/** An empty blob is no stream to the SDK; its own stream is still read to its verified end. */
export async function drained(body: Readable): Promise<Uint8Array> {
  for await (const _ of body) {
    // There is nothing in it, or the reading throws.
  }
  return new Uint8Array()
}
