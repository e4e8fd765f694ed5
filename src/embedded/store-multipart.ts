import { createHash } from 'node:crypto'
import { type StoredObject, type Upload, etagOf, objectHeaders } from './store-bucket.ts'
import {
  type Action,
  type Call,
  bodyText,
  emptyResponse,
  isoTime,
  xmlResponse,
} from './store-call.ts'
import { compositeSha256 } from './store-checksum.ts'
import { checkWriteCondition } from './store-condition.ts'
import { StoreError } from './store-error.ts'
import { checksumHeaders, requireLength } from './store-object.ts'
import { compareUtf8 } from './store-keys.ts'
import { elementsOf, textOf } from './store-xml.ts'

/** CreateMultipartUpload. */
export const createUpload: Action = ({ bucket, key, headers, state }) => {
  const id = state.nextId()
  bucket.uploads.set(id, {
    key,
    initiatedMs: state.now(),
    headers: objectHeaders(headers),
    checksumAlgorithm: headers.get('x-amz-checksum-algorithm')?.toLowerCase(),
    parts: new Map(),
  })
  return xmlResponse('InitiateMultipartUploadResult', {
    Bucket: bucket.name,
    Key: key,
    UploadId: id,
  })
}

/** UploadPart: the same number again replaces the part. */
export const uploadPart: Action = (call) => {
  const { query, body, state } = call
  requireLength(call)
  const upload = uploadIn(call)
  checkAlgorithms(Object.keys(body.checksums), upload)
  const part: StoredObject = {
    bytes: body.bytes,
    etag: etagOf(body.bytes),
    lastModifiedMs: state.now(),
    headers: {},
    checksums: body.checksums,
  }
  upload.parts.set(Number(query.get('partNumber')), part)
  return emptyResponse({ ETag: part.etag, ...checksumHeaders(part) })
}

/**
 * CompleteMultipartUpload: only now is there an object, made of the parts that the document names.
 */
export const completeUpload: Action = (call) => {
  const { bucket, key, query, headers, state } = call
  const upload = uploadIn(call)
  const parts = wantedParts(bodyText(call), upload)
  const tooSmall = parts.slice(0, -1).find((part) => part.bytes.length < state.minimumPartBytes)
  if (tooSmall !== undefined) {
    throw new StoreError('EntityTooSmall', undefined, {
      ProposedSize: tooSmall.bytes.length,
      MinSizeAllowed: state.minimumPartBytes,
    })
  }
  checkWriteCondition(headers, bucket.objects.get(key))

  const checksums = compositeSha256(parts.map((part) => part.checksums))
  const claimed = headers.get('x-amz-checksum-sha256')
  if (claimed !== null && claimed !== checksums['sha256']) {
    const message = 'The SHA256 you specified did not match the calculated checksum.'
    throw new StoreError('BadDigest', message)
  }
  const object: StoredObject = {
    bytes: new Uint8Array(Buffer.concat(parts.map((part) => part.bytes))),
    etag: multipartEtag(parts),
    lastModifiedMs: state.now(),
    headers: upload.headers,
    checksums,
  }
  bucket.objects.set(key, object)
  bucket.uploads.delete(query.get('uploadId') ?? '')
  return xmlResponse('CompleteMultipartUploadResult', {
    Bucket: bucket.name,
    Key: key,
    ETag: object.etag,
    ChecksumSHA256: checksums['sha256'],
  })
}

/** AbortMultipartUpload. */
export const abortUpload: Action = (call) => {
  uploadIn(call)
  call.bucket.uploads.delete(call.query.get('uploadId') ?? '')
  return emptyResponse({}, 204)
}

/** ListMultipartUploads, a page at a time: by key, and of one key in the order they were begun. */
export const listUploads: Action = ({ bucket, query, state }) => {
  const prefix = query.get('prefix') ?? ''
  const count = Math.min(Number(query.get('max-uploads') ?? state.pageLimit), state.pageLimit)
  const all = [...bucket.uploads]
    .filter(([, { key }]) => key.startsWith(prefix))
    .toSorted(([, a], [, b]) => compareUtf8(a.key, b.key))
  const marked = all.findIndex(([id]) => id === query.get('upload-id-marker'))
  const page = all.slice(marked + 1, marked + 1 + count)
  const last = page.at(-1)
  const isTruncated = last !== undefined && last !== all.at(-1)
  return xmlResponse('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    Prefix: prefix,
    MaxUploads: count,
    IsTruncated: isTruncated,
    NextKeyMarker: isTruncated ? last[1].key : undefined,
    NextUploadIdMarker: isTruncated ? last[0] : undefined,
    Upload: page.map(([id, { key, initiatedMs }]) => ({
      Key: key,
      UploadId: id,
      Initiated: isoTime(initiatedMs),
    })),
  })
}

/** ListParts, all on one page. */
export const listParts: Action = (call) => {
  const parts = [...uploadIn(call).parts].toSorted(([a], [b]) => a - b)
  return xmlResponse('ListPartsResult', {
    Bucket: call.bucket.name,
    Key: call.key,
    UploadId: call.query.get('uploadId') ?? '',
    IsTruncated: false,
    Part: parts.map(([number, { bytes, etag, lastModifiedMs }]) => ({
      PartNumber: number,
      LastModified: isoTime(lastModifiedMs),
      ETag: etag,
      Size: bytes.byteLength,
    })),
  })
}

/**
 * The upload that a request names, for its key. Throws NoSuchUpload, or InvalidArgument for a part
 * number.
 */
export function uploadIn({ bucket, key, query }: Call): Upload {
  const part = query.get('partNumber')
  if (part !== null && !(/^\d{1,5}$/.test(part) && Number(part) >= 1 && Number(part) <= 10_000)) {
    const message = 'Part number must be an integer between 1 and 10000, inclusive'
    throw new StoreError('InvalidArgument', message, { ArgumentValue: part })
  }
  const upload = bucket.uploads.get(query.get('uploadId') ?? '')
  if (upload?.key !== key) throw new StoreError('NoSuchUpload')
  return upload
}

/** S3 takes a part's checksum only where the upload was begun with that algorithm. */
function checkAlgorithms(given: readonly string[], { checksumAlgorithm: wanted }: Upload): void {
  const other = given.find((algorithm) => algorithm !== wanted)
  if (other === undefined) return
  const types = `expected checksum Type: ${wanted ?? 'null'}, actual checksum Type: ${other}`
  throw new StoreError('InvalidRequest', `Checksum Type mismatch occurred, ${types}`)
}

function wantedParts(document: string, upload: Upload): StoredObject[] {
  const named = elementsOf(document, 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: textOf(part, 'ETag') ?? '',
    sha256: textOf(part, 'ChecksumSHA256'),
  }))
  if (named.length === 0) throw new StoreError('MalformedXML')
  if (named.some(({ number }, at) => at > 0 && number <= (named[at - 1]?.number ?? 0))) {
    throw new StoreError('InvalidPartOrder')
  }
  return named.map(({ number, etag, sha256 }) => {
    const part = upload.parts.get(number)
    if (part?.checksums['sha256'] !== undefined && sha256 === undefined) {
      const message = `The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`
      throw new StoreError('InvalidRequest', message)
    }
    const isAsNamed = sha256 === undefined || part?.checksums['sha256'] === sha256
    if (isAsNamed && part?.etag.replaceAll('"', '') === etag.replaceAll('"', '')) return part
    throw new StoreError('InvalidPart', undefined, { PartNumber: number, ETag: etag })
  })
}

// The form that S3's multipart entity tags have: the MD5 of the parts' MD5s, and their number.
function multipartEtag(parts: readonly StoredObject[]): string {
  const sums = parts.map((part) => Buffer.from(part.etag.replaceAll('"', ''), 'hex'))
  const hex = createHash('md5').update(Buffer.concat(sums)).digest('hex')
  return `"${hex}-${parts.length}"`
}
