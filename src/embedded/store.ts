import { type Intercept, type Observed, observe } from './observe.ts'
import { type Bucket, type StoredObject, createEmptyBucket, etagOf } from './store-bucket.ts'
import type { StoreState } from './store-call.ts'
import { bucketIn, storeHandler } from './store-handler.ts'
import { parsePolicy, publicReadPolicy } from './store-policy.ts'
import type { Credentials } from './store-signature.ts'

export type StoreOptions = Credentials & {
  readonly intercept?: Intercept
  /** The clock, in milliseconds since 1970. Signatures more than 15 minutes from it are refused. */
  readonly now?: () => number
  /** The most keys a page of a listing has. 1,000, as S3's, unless told otherwise. */
  readonly pageLimit?: number
  /** The least size of any part but the last. 5 MiB, as S3's, unless told otherwise. */
  readonly minimumPartBytes?: number
}

export type BucketOptions = {
  /** Where given, signatures for another region are refused as S3 does; else any region will do. */
  readonly region?: string
  /** Key prefixes that anyone may read: sets the bucket policy. */
  readonly publicPrefixes?: readonly string[]
}

/**
 * An S3 store in memory, path style, with one owner. What it does not know it refuses; it never
 * half-does.
 */
export type Store = Observed & {
  readonly createBucket: (name: string, options?: BucketOptions) => void
  readonly putObject: (
    bucket: string,
    key: string,
    bytes: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ) => void
  readonly findObject: (bucket: string, key: string) => StoredObject | undefined
  readonly deleteObject: (bucket: string, key: string) => boolean
  /** In the order of a listing. */
  readonly keys: (bucket: string, prefix?: string) => string[]
  /** How many multipart uploads are neither completed nor aborted. */
  readonly openUploads: (bucket: string) => number
}

/** Creates a store with no buckets. Its calls throw StoreError where a bucket is missing. */
export function createStore(options: StoreOptions): Store {
  const state = createState(options)
  const bucketOf = (name: string): Bucket => bucketIn(state, name)

  return Object.assign(observe(storeHandler(state, options), options.intercept), {
    createBucket: (name: string, { region, publicPrefixes }: BucketOptions = {}) => {
      const bucket = createEmptyBucket(name, region)
      if (publicPrefixes !== undefined) {
        bucket.policy = parsePolicy(publicReadPolicy(name, publicPrefixes), name)
      }
      state.buckets.set(name, bucket)
    },
    putObject: (
      bucket: string,
      key: string,
      bytes: Uint8Array,
      headers: Readonly<Record<string, string>> = {},
    ) => {
      bucketOf(bucket).objects.set(key, {
        bytes: new Uint8Array(bytes),
        etag: etagOf(bytes),
        lastModifiedMs: state.now(),
        headers: { 'content-type': 'binary/octet-stream', ...headers },
        checksums: {},
      })
    },
    findObject: (bucket: string, key: string) => bucketOf(bucket).objects.get(key),
    deleteObject: (bucket: string, key: string) => bucketOf(bucket).objects.delete(key),
    keys: (bucket: string, prefix = '') =>
      bucketOf(bucket)
        .objects.keysInOrder()
        .filter((key) => key.startsWith(prefix)),
    openUploads: (bucket: string) => bucketOf(bucket).uploads.size,
  })
}

function createState(options: StoreOptions): StoreState {
  let lastId = 0
  return {
    buckets: new Map(),
    pageLimit: options.pageLimit ?? 1000,
    minimumPartBytes: options.minimumPartBytes ?? 5 * 1024 * 1024,
    now: options.now ?? Date.now,
    nextId: () => `upload-${(lastId += 1)}`,
  }
}
