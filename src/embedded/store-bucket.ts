import { createHash } from 'node:crypto'
import type { Bytes } from './repository.ts'
import type { Checksums } from './store-checksum.ts'
import { StoreError } from './store-error.ts'
import { KeyedMap } from './store-keys.ts'
import type { Policy } from './store-policy.ts'

/**
 * An object as it is stored. `headers` are what a GET repeats: Content-Type, Cache-Control,
 * `x-amz-meta-*` and kin.
 */
export type StoredObject = {
  readonly bytes: Bytes
  /** With its quotes. Of a multipart object not an MD5. */
  readonly etag: string
  readonly lastModifiedMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly checksums: Checksums
}

/** A multipart upload under way; nothing of it can be read. */
export type Upload = {
  readonly key: string
  readonly initiatedMs: number
  readonly headers: Readonly<Record<string, string>>
  /** In lower case, as in `sha256`; where it was not named, parts may have no checksum. */
  readonly checksumAlgorithm: string | undefined
  readonly parts: Map<number, StoredObject>
}

export type Bucket = {
  readonly name: string
  /** Where set, a signature for another region is refused. */
  readonly region: string | undefined
  readonly objects: KeyedMap<StoredObject>
  readonly uploads: Map<string, Upload>
  policy: Policy | undefined
}

/** A bucket with nothing in it, whose name has been checked. Throws StoreError. */
export function createEmptyBucket(name: string, region?: string): Bucket {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new StoreError('InvalidBucketName', undefined, { BucketName: name })
  }
  return { name, region, objects: new KeyedMap(), uploads: new Map(), policy: undefined }
}

/** The object of a key. Throws NoSuchKey. */
export function objectIn(bucket: Bucket, key: string): StoredObject {
  const object = bucket.objects.get(key)
  if (object === undefined) throw new StoreError('NoSuchKey', undefined, { Key: key })
  return object
}

/** The entity tag of what arrived in one piece: its MD5. */
export function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

const kept =
  /^(?:x-amz-meta-.+|x-amz-storage-class|cache-control|content-(?:type|disposition|language))$/

/** The headers of a PUT that belong to the object. */
export function objectHeaders(headers: Headers): Record<string, string> {
  const own = Object.fromEntries([...headers].filter(([name]) => kept.test(name)))
  // aws-chunked was the transfer's.
  const encoding = (headers.get('content-encoding') ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'aws-chunked')
    .join(',')
  return {
    'content-type': 'binary/octet-stream',
    ...own,
    ...(encoding === '' ? {} : { 'content-encoding': encoding }),
  }
}
