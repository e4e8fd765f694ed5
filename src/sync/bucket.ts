import type { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { ConfiguredMirror } from '../config.ts'
import type { Digest } from '../core/digest.ts'
import { createBucketClient, storeName } from './bucket-client.ts'
import type { Environment } from './bucket-client.ts'
import { BucketError } from './bucket-error.ts'
import { startDeadline } from './deadline.ts'
import { checksumOf, drained, putBlobCommand } from './put-command.ts'
import { blobDeadlineMs } from './upstream.ts'

/**
 * A mirror's bucket, as sync uses it. Blobs go by digest, what is nearport's own by key. Every
 * method throws BucketError.
 */
export type Bucket = {
  readonly mirror: ConfiguredMirror
  /** Buckets of one name copy from each other inside their store. */
  readonly store: string
  /** Every blob that the bucket lists, and its size in bytes. */
  readonly listBlobs: () => Promise<Map<Digest, number>>
  /** Keys under a prefix and their sizes, at most so many. */
  readonly listKeys: (prefix: string, limit?: number) => Promise<ReadonlyMap<string, number>>
  /**
   * Stores a blob. The store itself refuses other bytes where it can; a body that fails leaves
   * nothing.
   */
  readonly putBlob: (digest: Digest, sizeBytes: number, body: Readable) => Promise<void>
  /** Copies a blob from another bucket of the same store. */
  readonly copyBlob: (digest: Digest, from: Bucket) => Promise<void>
  readonly openBlob: (digest: Digest, sizeBytes: number) => Promise<Readable>
  /**
   * Whether the store says of itself that a blob's bytes are those of its digest: not every store
   * keeps a SHA-256.
   */
  readonly vouchesFor: (digest: Digest) => Promise<boolean>
  /** The bytes of a small object; undefined where there is none. */
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  readonly put: (key: string, bytes: Uint8Array, how: PutOptions) => Promise<void>
  readonly remove: (key: string) => Promise<void>
  /** Ends its connections. */
  readonly close: () => void
}

export type PutOptions = {
  readonly contentType: string
  readonly cacheControl: string
  /** Whether nothing may be there yet: BucketError with status 412 or 409 where something is. */
  readonly onlyIfAbsent?: boolean
}

const smallDeadlineMs = 60_000

/** What never changes under its name. */
export const immutable = 'public, max-age=31536000, immutable'

/**
 * Opens a mirror's bucket; nothing is asked of it yet. Throws where the environment lacks its
 * credentials.
 */
export function openBucket(
  mirror: ConfiguredMirror,
  deps: { readonly env: Environment; readonly stop: AbortSignal },
): Bucket {
  const client = createBucketClient(mirror.store, deps.env)
  const { bucket: Bucket } = mirror.store
  const blobHeaders = { ContentType: 'application/octet-stream', CacheControl: immutable }

  async function asked<T>(
    what: string,
    call: (signal: AbortSignal) => Promise<T>,
    ms = smallDeadlineMs,
  ) {
    const { signal, end } = startDeadline(ms, deps.stop)
    try {
      return await call(signal)
    } catch (error) {
      throw new BucketError(what, error)
    } finally {
      end()
    }
  }

  async function* list(prefix: string, pageSize = 1000) {
    let token: string | undefined
    do {
      const request = { Bucket, Prefix: prefix, MaxKeys: pageSize, ContinuationToken: token }
      const page = await asked(`LIST ${prefix || Bucket}`, (abortSignal) =>
        client.send(new ListObjectsV2Command(request), { abortSignal }),
      )
      for (const { Key, Size } of page.Contents ?? []) {
        if (Key !== undefined && Size !== undefined) yield { key: Key, sizeBytes: Size }
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
      if (page.IsTruncated === true && token === undefined) {
        throw new BucketError(`LIST ${prefix}`, {
          name: 'a page that is not the last names no next',
        })
      }
    } while (token !== undefined)
  }

  return {
    mirror,
    store: storeName(mirror.store),

    async listBlobs() {
      const blobs = new Map<Digest, number>()
      for await (const { key, sizeBytes } of list(mirror.keys.prefix)) {
        const digest = mirror.keys.digestOf(key)
        if (digest !== undefined) blobs.set(digest, sizeBytes)
      }
      return blobs
    },

    async listKeys(prefix, limit = Infinity) {
      const keys = new Map<string, number>()
      for await (const { key, sizeBytes } of list(prefix, Math.min(limit, 1000))) {
        keys.set(key, sizeBytes)
        if (keys.size >= limit) break
      }
      return keys
    },

    async putBlob(digest, sizeBytes, body) {
      const Key = mirror.keys.keyOf(digest)
      // The SDK pipes a stream without looking: where it fails, nobody would tell the store, and
      // the call would hang.
      const failed = new AbortController()
      body.once('error', (error) => failed.abort(error))
      const command = putBlobCommand(
        {
          Bucket,
          Key,
          Body: sizeBytes === 0 ? await drained(body) : body,
          ContentLength: sizeBytes,
          ...blobHeaders,
        },
        digest,
      )
      try {
        await asked(
          `PUT ${Key}`,
          (signal) =>
            client.send(command, { abortSignal: AbortSignal.any([signal, failed.signal]) }),
          blobDeadlineMs(sizeBytes),
        )
      } catch (error) {
        // What was wrong with the bytes says more than that the request was given up.
        throw failed.signal.aborted ? failed.signal.reason : error
      } finally {
        body.destroy()
      }
    },

    async copyBlob(digest, from) {
      const Key = mirror.keys.keyOf(digest)
      const source = `${from.mirror.store.bucket}/${from.mirror.keys.keyOf(digest)}`
      const command = new CopyObjectCommand({
        Bucket,
        Key,
        CopySource: source.split('/').map(encodeURIComponent).join('/'),
        // Not what the source says of itself: a Content-Encoding there would break every pull.
        MetadataDirective: 'REPLACE',
        ...blobHeaders,
      })
      await asked(
        `COPY ${Key} from ${from.mirror.id}`,
        (abortSignal) => client.send(command, { abortSignal }),
        600_000,
      )
    },

    async openBlob(digest, sizeBytes) {
      const Key = mirror.keys.keyOf(digest)
      const { signal: abortSignal, end } = startDeadline(blobDeadlineMs(sizeBytes), deps.stop)
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal })
        // It holds for the body too.
        return (Body as Readable).once('close', end)
      } catch (error) {
        end()
        throw new BucketError(`GET ${Key}`, error)
      }
    },

    async vouchesFor(digest) {
      const Key = mirror.keys.keyOf(digest)
      const command = new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })
      const { ChecksumSHA256 } = await asked(`HEAD ${Key}`, (abortSignal) =>
        client.send(command, { abortSignal }),
      )
      // That of an object in parts is one over theirs, and ends in their number.
      return ChecksumSHA256 === checksumOf(digest)
    },

    async get(key) {
      try {
        return await asked(`GET ${key}`, async (abortSignal) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }), {
            abortSignal,
          })
          return Body!.transformToByteArray()
        })
      } catch (error) {
        if (error instanceof BucketError && error.status === 404 && error.code === 'NoSuchKey') {
          return undefined
        }
        throw error
      }
    },

    async put(key, bytes, { contentType, cacheControl, onlyIfAbsent = false }) {
      const command = new PutObjectCommand({
        Bucket,
        Key: key,
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: contentType,
        CacheControl: cacheControl,
        ...(onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
      })
      await asked(`PUT ${key}`, (abortSignal) => client.send(command, { abortSignal }))
    },

    async remove(key) {
      await asked(`DELETE ${key}`, (abortSignal) =>
        client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal }),
      )
    },

    close: () => client.destroy(),
  }
}
