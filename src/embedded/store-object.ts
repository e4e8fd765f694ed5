import { parseByteRange } from './byte-range.ts'
import { type StoredObject, etagOf, objectHeaders, objectIn } from './store-bucket.ts'
import { type Action, type Call, bodyText, emptyResponse, xmlResponse } from './store-call.ts'
import { checkWriteCondition, isNotModified } from './store-condition.ts'
import { StoreError, storeErrorResponse } from './store-error.ts'
import { mayList } from './store-policy.ts'
import { elementsOf, textOf } from './store-xml.ts'

/** PutObject: the object is there when this returns, and not before. */
export const putObject: Action = (call) => {
  const { bucket, key, body, headers, state } = call
  requireLength(call)
  checkWriteCondition(headers, bucket.objects.get(key))

  const object: StoredObject = {
    bytes: body.bytes,
    etag: etagOf(body.bytes),
    lastModifiedMs: state.now(),
    headers: objectHeaders(headers),
    checksums: body.checksums,
  }
  bucket.objects.set(key, object)
  return emptyResponse({ ETag: object.etag, ...checksumHeaders(object) })
}

/** GetObject and HeadObject. */
export const getObject: Action = (call) => {
  const object = readable(call)
  if (isNotModified(call.headers, object)) {
    return new Response(null, { status: 304, headers: { ETag: object.etag } })
  }

  const size = object.bytes.byteLength
  const headers = readHeaders(call, object)
  const range = parseByteRange(rangeWanted(call, object), size)
  switch (range.kind) {
    case 'whole':
      return new Response(object.bytes, {
        headers: { ...headers, ...wantedChecksums(call, object), 'Content-Length': String(size) },
      })
    case 'unsatisfiable':
      return storeErrorResponse(
        new StoreError('InvalidRange', undefined, { ActualObjectSize: size }),
        {
          'Content-Range': `bytes */${size}`,
        },
      )
    case 'part': {
      const { first, last } = range
      return new Response(object.bytes.subarray(first, last + 1), {
        status: 206,
        headers: {
          ...headers,
          'Content-Length': String(last + 1 - first),
          'Content-Range': `bytes ${first}-${last}/${size}`,
        },
      })
    }
  }
}

/** DeleteObject: what is not there counts as deleted. */
export const deleteObject: Action = ({ bucket, key, headers }) => {
  const existing = bucket.objects.get(key)
  if (headers.has('if-match')) checkWriteCondition(headers, existing)
  bucket.objects.delete(key)
  return emptyResponse({}, 204)
}

/** DeleteObjects: up to 1,000 keys in one document. */
export const deleteObjects: Action = (call) => {
  const text = bodyText(call)
  const keys = elementsOf(text, 'Object').map((object) => textOf(object, 'Key') ?? '')
  if (keys.length === 0 || keys.length > 1000 || keys.includes('')) {
    throw new StoreError('MalformedXML')
  }
  for (const key of keys) call.bucket.objects.delete(key)

  const quiet = textOf(text, 'Quiet') === 'true'
  return xmlResponse('DeleteResult', { Deleted: quiet ? [] : keys.map((key) => ({ Key: key })) })
}

/** Checksums as response headers. */
export function checksumHeaders(object: StoredObject): Record<string, string> {
  const entries = Object.entries(object.checksums)
  if (entries.length === 0) return {}
  const isComposite = entries.some(([, value]) => value.includes('-'))
  return {
    ...Object.fromEntries(entries.map(([name, value]) => [`x-amz-checksum-${name}`, value])),
    'x-amz-checksum-type': isComposite ? 'COMPOSITE' : 'FULL_OBJECT',
  }
}

/** S3 wants to know before the body comes how long it is. Throws MissingContentLength. */
export function requireLength({ headers }: Call): void {
  // Framed bodies come with this one instead, and Transfer-Encoding: chunked.
  if (headers.has('content-length') || headers.has('x-amz-decoded-content-length')) return
  throw new StoreError('MissingContentLength')
}

// S3 says 403, not 404, to whoever may not list the bucket.
function readable({ bucket, key, caller }: Call): StoredObject {
  if (!bucket.objects.has(key) && !mayList(bucket, caller)) throw new StoreError('AccessDenied')
  return objectIn(bucket, key)
}

// RFC 9110 §13.1.5: the range is only wanted of the very object that the client has a part of.
function rangeWanted({ headers }: Call, object: StoredObject): string | null {
  const condition = headers.get('if-range')
  return condition === null || condition === object.etag ? headers.get('range') : null
}

function readHeaders({ bucket }: Call, object: StoredObject): Record<string, string> {
  return {
    ...object.headers,
    ETag: object.etag,
    'Last-Modified': new Date(object.lastModifiedMs).toUTCString(),
    'Accept-Ranges': 'bytes',
    ...(bucket.region === undefined ? {} : { 'x-amz-bucket-region': bucket.region }),
  }
}

function wantedChecksums({ headers }: Call, object: StoredObject): Record<string, string> {
  return headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
    ? checksumHeaders(object)
    : {}
}
