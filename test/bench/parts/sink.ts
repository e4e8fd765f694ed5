import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import type { SinkBucket } from './sink-bucket.ts'
import { createSinkBucket } from './sink-bucket.ts'
import { answerMultipart } from './sink-multipart.ts'
import { createSyntheticImages } from './synthetic-images.ts'

// A store in a process of its own that answers just what sync asks, as fast as it can: signatures
// are not looked at, anybody may read, and of a blob of more than a megabyte it keeps the length
// alone. `--filled R,T` puts the blobs of the synthetic upstream into the bucket `mirror-0`.

const { values } = parseArgs({ options: { port: { type: 'string' }, filled: { type: 'string' } } })
const buckets = new Map<string, SinkBucket>()
if (values.filled !== undefined) fill(bucketOf('mirror-0'), values.filled)

createServer((request, response) => {
  answer(request, response).catch((error: Error) => {
    if (!response.headersSent) response.statusCode = 500
    response.end(`<Error><Code>InternalError</Code><Message>${error.message}</Message></Error>`)
  })
}).listen(Number(values.port), '127.0.0.1')

function bucketOf(name: string): SinkBucket {
  const bucket = buckets.get(name) ?? createSinkBucket()
  buckets.set(name, bucket)
  return bucket
}

function fill(bucket: SinkBucket, text: string): void {
  const [repositories, tagsEach] = text.split(',').map(Number)
  const images = createSyntheticImages(repositories!, tagsEach!)
  for (let blob = 0; blob < images.blobs; blob++) {
    const key = `containers/images/${images.blobDigest(blob)}`
    bucket.put(key, { sizeBytes: images.blobBytes(blob) })
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url!, 'http://localhost')
  const [, name = '', ...rest] = url.pathname.split('/')
  const key = decodeURIComponent(rest.join('/'))
  const bucket = bucketOf(name)
  if (await answerMultipart({ request, response, query: url.searchParams, bucket, key })) return
  if (key === '') return answerBucket(request, response, url.searchParams, bucket)

  const { method, headers } = request
  const source = headers['x-amz-copy-source']
  const there = bucket.get(key)
  if (method === 'PUT' && headers['if-none-match'] === '*' && there !== undefined) {
    return fail(response, 412, 'PreconditionFailed')
  }
  if (method === 'PUT' && typeof source === 'string') {
    const [from, ...path] = decodeURIComponent(source).replace(/^\//, '').split('/')
    const copied = bucketOf(from!).get(path.join('/'))
    if (copied === undefined) return fail(response, 404, 'NoSuchKey')
    bucket.put(key, copied)
    const result = '<CopyObjectResult><ETag>"0"</ETag></CopyObjectResult>'
    return void response.setHeader('content-type', 'application/xml').end(result)
  }
  if (method === 'PUT') {
    bucket.put(key, await bucket.receive(key, request))
    return void response.setHeader('etag', '"0"').end()
  }
  if (method === 'DELETE') {
    bucket.remove(key)
    response.statusCode = 204
    return void response.end()
  }
  if (there === undefined) return fail(response, 404, 'NoSuchKey')
  response.setHeader('etag', '"0"').setHeader('accept-ranges', 'bytes')
  if (method === 'HEAD') return void response.setHeader('content-length', there.sizeBytes).end()
  if (there.bytes === undefined) return fail(response, 500, 'BodyNotKept')
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (range === null) return void response.end(there.bytes)
  const [from, to] = [Number(range[1]), Number(range[2] || there.sizeBytes - 1)]
  response.setHeader('content-range', `bytes ${from}-${to}/${there.sizeBytes}`)
  response.statusCode = 206
  response.end(there.bytes.subarray(from, to + 1))
}

async function answerBucket(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  bucket: SinkBucket,
): Promise<void> {
  response.setHeader('content-type', 'application/xml')
  if (request.method === 'PUT' || request.method === 'HEAD') return void response.end()
  if (request.method === 'POST' && query.has('delete')) {
    let text = ''
    for await (const chunk of request) text += (chunk as Buffer).toString()
    for (const [, key] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) bucket.remove(key!)
    return void response.end('<DeleteResult/>')
  }
  if (request.method !== 'GET' || query.get('list-type') !== '2') {
    return fail(response, 501, 'NotImplemented')
  }
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const { page, isLast } = bucket.list(prefix, after, Number(query.get('max-keys') ?? 1000))
  const contents = page.map(
    ([key, sizeBytes]) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"0"</ETag><Size>${sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  )
  const next = isLast ? '' : `<NextContinuationToken>${page.at(-1)![0]}</NextContinuationToken>`
  response.end(
    `<ListBucketResult><IsTruncated>${!isLast}</IsTruncated><KeyCount>${page.length}</KeyCount>${next}${contents.join('')}</ListBucketResult>`,
  )
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/xml').end(`<Error><Code>${code}</Code></Error>`)
}
