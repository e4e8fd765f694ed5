import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SinkBucket } from './sink-bucket.ts'

type Call = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly bucket: SinkBucket
  readonly key: string
}

let lastId = 0

/** Answers what belongs to multipart uploads; whether this call did. */
export async function answerMultipart(call: Call): Promise<boolean> {
  const { request, query } = call
  const id = query.get('uploadId')
  if (id === null && !query.has('uploads')) return false
  call.response.setHeader('content-type', 'application/xml')
  if (id === null) {
    if (request.method === 'POST') create(call)
    else list(call)
    return true
  }
  const upload = call.bucket.uploads.get(id)
  if (upload === undefined) {
    call.response.statusCode = 404
    call.response.end('<Error><Code>NoSuchUpload</Code></Error>')
  } else if (request.method === 'PUT') {
    const { sizeBytes } = await call.bucket.receive(upload.key, request)
    upload.parts.set(Number(query.get('partNumber')), sizeBytes)
    // What a store says of a part that it has checked.
    const checksum = request.headers['x-amz-checksum-sha256']
    if (checksum !== undefined) call.response.setHeader('x-amz-checksum-sha256', checksum)
    call.response.setHeader('etag', `"${query.get('partNumber')}"`).end()
  } else if (request.method === 'POST') {
    const sizeBytes = [...upload.parts.values()].reduce((sum, size) => sum + size, 0)
    call.bucket.put(upload.key, { sizeBytes })
    call.bucket.uploads.delete(id)
    call.response.end(
      `<CompleteMultipartUploadResult><ETag>"0"</ETag></CompleteMultipartUploadResult>`,
    )
  } else {
    call.bucket.uploads.delete(id)
    call.response.statusCode = 204
    call.response.end()
  }
  return true
}

function create({ response, bucket, key }: Call): void {
  const id = `upload-${(lastId += 1)}`
  bucket.uploads.set(id, { key, parts: new Map() })
  response.end(
    `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
  )
}

function list({ response, bucket }: Call): void {
  const uploads = [...bucket.uploads].map(
    ([id, { key }]) =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>`,
  )
  response.end(
    `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`,
  )
}
