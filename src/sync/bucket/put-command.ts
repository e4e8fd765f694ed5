import type { Readable } from 'node:stream'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import type { Digest } from '../../core/digest.ts'
import { hexOf } from '../../core/digest.ts'

/** What never changes under its name. */
export const immutable = 'public, max-age=31536000, immutable'

/** What every blob says of itself. No Content-Encoding, ever: clients would decode it. */
export function blobHeaders(contentType = 'application/octet-stream') {
  return { ContentType: contentType, CacheControl: immutable }
}

/** A PUT of a blob, whose digest is its checksum and what is signed of its payload. */
export function putBlobCommand(input: PutObjectCommandInput, digest: Digest): PutObjectCommand {
  const command = new PutObjectCommand({ ...input, ChecksumSHA256: checksumOf(digest) })
  command.middlewareStack.add(signDigest(digest), signingStep)
  return command
}

/** Where signDigest belongs: after the SDK has made its headers, before it signs them. */
export const signingStep = { step: 'build', priority: 'low', name: 'signDigest' } as const

/**
 * Signs a digest as the hash of the payload, so that stores that know no `x-amz-checksum-sha256`
 * refuse other bytes too (Signature Version 4, "Signature calculations: transferring payload in a
 * single chunk").
 */
export function signDigest(digest: Digest) {
  return <Args extends { readonly request: unknown }, Output>(
    next: (args: Args) => Promise<Output>,
  ) =>
    (args: Args): Promise<Output> => {
      const { headers, body } = args.request as {
        readonly headers: Record<string, string>
        readonly body: unknown
      }
      headers['x-amz-content-sha256'] = hexOf(digest)
      // The SDK opens a connection of its own for every request that waits for a 100, which costs a
      // tenth of a run of usual layers. It is worth it where much would have to be read again: a
      // stream cannot be sent twice, and one on a connection that was kept may break as it begins.
      const isCheap = body instanceof Uint8Array || Number(headers['content-length']) < dearBytes
      if (isCheap) delete headers['Expect']
      return next(args)
    }
}

const dearBytes = 64 * 1024 * 1024

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
