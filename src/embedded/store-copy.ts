import { parseByteRange } from './byte-range.ts'
import { type StoredObject, etagOf, objectHeaders, objectIn } from './store-bucket.ts'
import { type Action, type Call, isoTime, xmlResponse } from './store-call.ts'
import { checkWriteCondition } from './store-condition.ts'
import { sha256Of } from './store-checksum.ts'
import { StoreError } from './store-error.ts'
import { uploadIn } from './store-multipart.ts'

/**
 * CopyObject, also from another bucket of this store. Metadata come along unless the directive is
 * REPLACE.
 */
export const copyObject: Action = (call) => {
  const { bucket, key, headers, state } = call
  const source = sourceOf(call)
  const replace = headers.get('x-amz-metadata-directive') === 'REPLACE'
  if (source === bucket.objects.get(key) && !replace) {
    const message = 'This copy request is illegal because it is trying to copy an object to itself'
    throw new StoreError('InvalidRequest', message)
  }
  checkWriteCondition(headers, bucket.objects.get(key))

  const copy: StoredObject = {
    bytes: source.bytes,
    etag: etagOf(source.bytes),
    lastModifiedMs: state.now(),
    headers: replace ? objectHeaders(headers) : source.headers,
    checksums: source.checksums,
  }
  bucket.objects.set(key, copy)
  return xmlResponse('CopyObjectResult', copied(copy))
}

/** UploadPartCopy: a part that is a range of another object, or the whole of it. */
export const uploadPartCopy: Action = (call) => {
  const { query, headers, state } = call
  const upload = uploadIn(call)
  const source = sourceOf(call)
  const size = source.bytes.byteLength
  const range = parseByteRange(headers.get('x-amz-copy-source-range'), size)
  if (range.kind === 'unsatisfiable') throw new StoreError('InvalidRange')

  const bytes =
    range.kind === 'whole' ? source.bytes : source.bytes.subarray(range.first, range.last + 1)
  const part: StoredObject = {
    bytes,
    etag: etagOf(bytes),
    lastModifiedMs: state.now(),
    headers: {},
    checksums: upload.checksumAlgorithm === 'sha256' ? { sha256: sha256Of(bytes) } : {},
  }
  upload.parts.set(Number(query.get('partNumber')), part)
  return xmlResponse('CopyPartResult', copied(part))
}

function sourceOf({ headers, state }: Call): StoredObject {
  const header = headers.get('x-amz-copy-source') ?? ''
  const [path = '', version] = header.replace(/^\//, '').split('?')
  if (version !== undefined) throw new StoreError('NotImplemented', 'Versions are not implemented')

  const slash = path.indexOf('/')
  if (slash < 1)
    throw new StoreError('InvalidArgument', 'Copy Source must mention the source bucket')
  const bucket = state.buckets.get(decodeURIComponent(path.slice(0, slash)))
  if (bucket === undefined) throw new StoreError('NoSuchBucket')
  return objectIn(bucket, decodeURIComponent(path.slice(slash + 1)))
}

function copied({ etag, lastModifiedMs, checksums }: StoredObject) {
  return {
    ETag: etag,
    LastModified: isoTime(lastModifiedMs),
    ChecksumSHA256: checksums['sha256'],
  }
}
