import type { Readable } from 'node:stream'
import type { ConfiguredMirror } from '../../config.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { Digest } from '../../core/digest.ts'
import type { DigestMap } from '../../core/digest-map.ts'
import { blobMethods } from './bucket-blobs.ts'
import { storeName } from './bucket-client.ts'
import { createConditions } from './bucket-conditions.ts'
import { readableMirror } from './bucket-readable.ts'
import { listingMethods } from './bucket-listing.ts'
import { objectMethods } from './bucket-objects.ts'
import type { Removed } from './bucket-removal.ts'
import { removeBlobs } from './bucket-removal.ts'
import type { SessionDeps } from './bucket-session.ts'
import { startSession } from './bucket-session.ts'
import type { PendingUpload } from './bucket-uploads.ts'
import { listUploads } from './bucket-uploads.ts'
import { abortUpload } from './multipart.ts'
import type { RunIdentity } from './run-lease.ts'
import { createRunIdentity, createRunLease } from './run-lease.ts'

export { immutable } from './put-command.ts'

/**
 * A mirror's bucket, as sync uses it. Blobs go by digest, what is nearport's own by key. Every
 * method throws BucketError.
 */
export type Bucket = {
  readonly mirror: ConfiguredMirror
  /** The mirror as clients read it: a private one with a signer that can sign now. */
  readonly readable: () => Promise<Mirror>
  /** Buckets of one name copy from each other inside their store. */
  readonly store: string
  /** Every blob that the bucket lists, and its size in bytes. */
  readonly listBlobs: () => Promise<DigestMap>
  /** Keys under a prefix and their sizes, at most so many. */
  readonly listKeys: (prefix: string, limit?: number) => Promise<ReadonlyMap<string, number>>
  /** Keys under a prefix and how long ago they were written, in milliseconds by the store's clock. */
  readonly listAges: (prefix: string) => Promise<ReadonlyMap<string, number>>
  /**
   * Stores a blob, in one request or in parts. The store itself refuses other bytes where it can; a
   * body that fails leaves nothing, and its error is thrown. `there`: something was there, which
   * was not touched; a store that has no conditional writes never says so.
   */
  readonly putBlob: (
    digest: Digest,
    sizeBytes: number,
    body: Readable,
    options?: { readonly overwrite?: boolean } & BlobForm,
  ) => Promise<'stored' | 'there'>
  /** Copies a blob from another bucket of the same store, over what is there. */
  readonly copyBlob: (
    digest: Digest,
    sizeBytes: number,
    from: Bucket,
    form?: BlobForm,
  ) => Promise<void>
  /** The bytes of a blob, or a range of them. */
  readonly openBlob: (digest: Digest, sizeBytes: number, range?: BlobRange) => Promise<Readable>
  /** What the store says of a blob; undefined where it has none. */
  readonly headBlob: (digest: Digest) => Promise<StoredBlob | undefined>
  /**
   * Whether the store says of itself that a blob's bytes are those of its digest: not every store
   * keeps a SHA-256.
   */
  readonly vouchesFor: (digest: Digest) => Promise<boolean>
  /** Removes blobs. What the store keeps is told by blob; it does not throw. */
  readonly removeBlobs: (digests: Iterable<Digest>) => Promise<Removed>
  /** The bytes of a small object; undefined where there is none. */
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  readonly getVersioned: (key: string) => Promise<Versioned | undefined>
  readonly put: (key: string, bytes: Uint8Array, how: PutOptions) => Promise<void>
  readonly remove: (key: string) => Promise<void>
  /** Uploads of blobs in parts that are neither complete nor aborted, anyone's. */
  readonly listUploads: () => Promise<readonly PendingUpload[]>
  readonly abortUpload: (upload: Pick<PendingUpload, 'key' | 'uploadId'>) => Promise<void>
  /** Ends its connections, after the lease that uploads in parts have made it take. */
  readonly close: () => Promise<void>
}

/** What an object says that it is. */
export type BlobForm = {
  /** The media type of a manifest; default: that of bytes of any kind. */
  readonly contentType?: string | undefined
}

/** Bytes of a blob; both are inclusive. */
export type BlobRange = { readonly first: number; readonly last: number }

/** `isVouchedFor`: the store itself says that its bytes are those of its digest. */
export type StoredBlob = { readonly sizeBytes: number; readonly isVouchedFor: boolean }

/** A small object, and what it is called by in `ifMatch`. */
export type Versioned = { readonly bytes: Uint8Array; readonly etag: string }

export type PutOptions = {
  readonly contentType: string
  readonly cacheControl: string
  /** Whether nothing may be there yet: BucketError with status 412 or 409 where something is. */
  readonly onlyIfAbsent?: boolean
  /**
   * What has to be there still: BucketError with status 412, 409 or 404 where another is. A store
   * that knows no If-Match writes all the same. A try whose answer was lost may make the next one
   * find its own.
   */
  readonly ifMatch?: string | undefined
}

export type BucketDeps = SessionDeps & {
  /** Who leases it for uploads in parts; default: a run of this process alone. */
  readonly run?: RunIdentity
}

/**
 * Opens a mirror's bucket; nothing is asked of it yet. Throws where the environment lacks its
 * credentials.
 */
export function openBucket(mirror: ConfiguredMirror, deps: BucketDeps): Bucket {
  const session = startSession(mirror, deps)
  const conditions = createConditions(session)
  const objects = objectMethods(session, conditions)
  const lease = createRunLease(objects, deps.run ?? createRunIdentity())
  return {
    mirror,
    readable: () => readableMirror(session),
    store: storeName(mirror.store),
    ...listingMethods(session),
    ...blobMethods(session, conditions, lease),
    ...objects,
    removeBlobs: (digests) => removeBlobs(session, digests),
    listUploads: () => listUploads(session),
    abortUpload: ({ key, uploadId }) =>
      abortUpload(session, { Bucket: session.Bucket, Key: key, UploadId: uploadId }),
    async close() {
      await lease.end()
      session.client.destroy()
    },
  }
}
