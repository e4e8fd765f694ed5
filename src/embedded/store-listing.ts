import type { StoredObject } from './store-bucket.ts'
import { type Action, isoTime, xmlResponse } from './store-call.ts'
import { StoreError } from './store-error.ts'
import { compareUtf8, firstFrom } from './store-keys.ts'
import type { XmlFields } from './store-xml.ts'

type Entry =
  | { readonly kind: 'object'; readonly name: string; readonly object: StoredObject }
  | { readonly kind: 'prefix'; readonly name: string }

/** ListObjectsV2: keys in the order of their UTF-8 bytes, a page at a time. */
export const listObjects: Action = ({ bucket, query, state }) => {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const after = startOf(query)
  const count = Math.min(countOf(query, state.pageLimit), state.pageLimit)

  const entries: Entry[] = []
  let truncated = false
  const keys = bucket.objects.keysInOrder()
  const from = after === undefined || compareUtf8(after, prefix) < 0 ? prefix : after
  for (let at = firstFrom(keys, from); at < keys.length; at++) {
    const key = keys[at]!
    if (!key.startsWith(prefix)) break
    const entry = entryOf(key, prefix, delimiter, bucket.objects)
    if (after !== undefined && compareUtf8(entry.name, after) <= 0) continue
    if (entry.kind === 'prefix' && entries.at(-1)?.name === entry.name) continue
    if (entries.length >= count) {
      truncated = count > 0
      break
    }
    entries.push(entry)
  }

  const written = query.get('encoding-type') === 'url' ? encodeKey : (text: string) => text
  const last = entries.at(-1)
  return xmlResponse('ListBucketResult', {
    Name: bucket.name,
    Prefix: written(prefix),
    Delimiter: delimiter === '' ? undefined : written(delimiter),
    MaxKeys: count,
    EncodingType: query.get('encoding-type') ?? undefined,
    KeyCount: entries.length,
    IsTruncated: truncated,
    ContinuationToken: query.get('continuation-token') ?? undefined,
    NextContinuationToken: truncated && last ? tokenOf(last.name) : undefined,
    StartAfter: query.has('start-after') ? written(query.get('start-after') ?? '') : undefined,
    Contents: entries.flatMap((entry) =>
      entry.kind === 'object' ? [contents(entry, written)] : [],
    ),
    CommonPrefixes: entries.flatMap((entry) =>
      entry.kind === 'prefix' ? [{ Prefix: written(entry.name) }] : [],
    ),
  })
}

function entryOf(
  key: string,
  prefix: string,
  delimiter: string,
  objects: ReadonlyMap<string, StoredObject>,
): Entry {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
  if (end >= 0) return { kind: 'prefix', name: key.slice(0, end + delimiter.length) }
  // The key came from these very objects.
  return { kind: 'object', name: key, object: objects.get(key)! }
}

function contents(
  { name, object }: Extract<Entry, { kind: 'object' }>,
  written: (text: string) => string,
): XmlFields {
  return {
    Key: written(name),
    LastModified: isoTime(object.lastModifiedMs),
    ETag: object.etag,
    ChecksumAlgorithm: Object.keys(object.checksums).map((algorithm) => algorithm.toUpperCase()),
    Size: object.bytes.byteLength,
    StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
  }
}

function startOf(query: URLSearchParams): string | undefined {
  const token = query.get('continuation-token')
  if (token === null) return query.get('start-after') ?? undefined
  const name = Buffer.from(token, 'base64url').toString()
  if (tokenOf(name) === token) return name
  throw new StoreError('InvalidArgument', 'The continuation token provided is incorrect')
}

function tokenOf(name: string): string {
  return Buffer.from(name).toString('base64url')
}

function countOf(query: URLSearchParams, limit: number): number {
  const text = query.get('max-keys') ?? String(limit)
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new StoreError(
    'InvalidArgument',
    'Provided max-keys not an integer or within integer range',
  )
}

// S3 leaves the slashes of a key as they are.
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/')
}
