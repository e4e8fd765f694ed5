import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  DeleteObjectsCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { Bucket, body, credentials, useStore } from './store-fixture.ts'
import { hangUpAfter } from './wire.ts'

const running = useStore()

test('another body than that of the SHA-256 is BadDigest, in the words S3 has for it', async () => {
  const ChecksumSHA256 = createHash('sha256').update('other').digest('base64')
  await expect(running.put('bad', { ChecksumSHA256 })).rejects.toMatchObject({
    name: 'BadDigest',
    message: 'The SHA256 you specified did not match the calculated checksum.',
    $metadata: { httpStatusCode: 400 },
  })
  expect(running.store.keys(Bucket)).toEqual([])
})

test('a SHA-256 in hex instead of base64 is refused as no checksum at all', async () => {
  const ChecksumSHA256 = createHash('sha256').update(body).digest('hex')
  await expect(running.put('hex', { ChecksumSHA256 })).rejects.toMatchObject({
    name: 'InvalidRequest',
  })
})

test('a checksum that cannot be verified here is refused, not believed', async () => {
  await expect(running.put('crc', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 501 },
  })
})

test.for<[string, string | undefined]>([
  ['its own CRC-32', undefined],
  ['SHA-256', 'SHA256'],
])(
  'the SDK’s defaults, a stream framed with %s in a trailer, store the content',
  async ([, ChecksumAlgorithm]) => {
    const eager = new S3Client({
      endpoint: running.served.url,
      region: 'us-east-1',
      credentials,
      forcePathStyle: true,
    })
    await eager.send(
      new PutObjectCommand({
        Bucket,
        Key: 'framed',
        Body: Readable.from([body.subarray(0, 1), body.subarray(1)]),
        ContentLength: body.length,
        ...(ChecksumAlgorithm === undefined ? {} : { ChecksumAlgorithm: 'SHA256' as const }),
      }),
    )
    eager.destroy()
    expect(running.store.findObject(Bucket, 'framed')?.bytes).toEqual(body)
    expect(running.store.requests.at(-1)?.headers['content-encoding']).toBe('aws-chunked')
  },
)

test('framing with signed chunks is refused, and nothing of it is stored', async () => {
  beforeSigning((request) => {
    request.headers['content-encoding'] = 'aws-chunked'
    request.headers['x-amz-content-sha256'] = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  })
  const framed = running.put('framed', { Body: '5;chunk-signature=00\r\nhello\r\n0\r\n\r\n' })
  await expect(framed).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
  expect(running.store.keys(Bucket)).toEqual([])
})

test('a PUT that is cut in the middle leaves nothing', async () => {
  const headers: Record<string, string>[] = []
  running.store.intercept = (request) => {
    headers.push(Object.fromEntries(request.headers))
    return new Response(null, { status: 503 })
  }
  await expect(running.put('cut')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
  running.store.intercept = undefined

  // The very request again, whose signature holds, with half of its body.
  const lines = Object.entries(headers[0] ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  const half = Buffer.from(body.subarray(0, 50_000)).toString('latin1')
  await hangUpAfter(
    running.served.port,
    `PUT /images/cut?x-id=PutObject HTTP/1.1\r\n${lines.join('')}\r\n${half}`,
  )
  await expect.poll(() => running.store.requests.length).toBe(2)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(running.store.keys(Bucket)).toEqual([])
})

test('a PUT that does not say how long it is, is 411', async () => {
  running.client.config.logger = { debug() {}, info() {}, warn() {}, error() {} }
  beforeSigning((request) => delete request.headers['content-length'])
  const stream = running.put('endless', { Body: Readable.from([body]), ContentLength: body.length })
  await expect(stream).rejects.toMatchObject({ name: 'MissingContentLength' })
})

test('a body that is not the signed one is refused', async () => {
  afterSigning((request) => {
    request.body = 'swapped'
  })
  await expect(running.put('swapped', { Body: 'genuine' })).rejects.toMatchObject({
    name: 'XAmzContentSHA256Mismatch',
  })
})

test('a signature that is more than 15 minutes old is refused', async () => {
  running.nowMs += 16 * 60_000
  await expect(running.put('late')).rejects.toMatchObject({ name: 'RequestTimeTooSkewed' })
})

test('a registry’s token that a client carried along is 400, as S3 has it', async () => {
  const answer = await fetch(`${running.served.url}/images/key`, {
    headers: { Authorization: 'Bearer token' },
  })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('<Code>InvalidArgument</Code>')
})

test('a header added after signing is refused', async () => {
  afterSigning((request) => {
    request.headers['x-amz-meta-added'] = '1'
  })
  await expect(running.put('added')).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('not signed'),
  })
})

test.for<[string, string]>([
  ['an ACL', '/images/key?acl'],
  ['a version', '/images/key?versionId=1'],
  ['tagging', '/images/key?tagging'],
])('%s is 501, since leaving it unheeded could do harm', async ([, path]) => {
  expect((await fetch(running.served.url + path)).status).toBe(501)
})

test.for<[string, number, string]>([
  ['shorter', 11, 'IncompleteBody'],
  ['longer', 9, 'IncompleteBody'],
])('a body %s than it said is refused', async ([, length, code]) => {
  const put = new Request(`${running.served.url}/images/key`, {
    method: 'PUT',
    headers: { 'Content-Length': String(length) },
    body: '0123456789',
  })
  const answer = await running.store.fetch(put)
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain(`<Code>${code}</Code>`)
})

test.for<[string, string, () => Promise<unknown>]>([
  ['a key of 1,025 bytes', 'KeyTooLongError', () => running.put('x'.repeat(1025))],
  [
    'If-None-Match with a tag on a write',
    'NotImplemented',
    () => running.put('k', { IfNoneMatch: '"1"' }),
  ],
  ['an MD5 that is none', 'InvalidDigest', () => running.put('k', { ContentMD5: 'short' })],
  ['a continuation token of nobody’s', 'InvalidArgument', () => list({ ContinuationToken: '!' })],
  ['fewer than no keys', 'InvalidArgument', () => list({ MaxKeys: -1 })],
  ['a copy of a version', 'NotImplemented', () => copy(`${Bucket}/key?versionId=1`)],
  ['a copy of a bucket', 'InvalidArgument', () => copy(Bucket)],
  ['a copy from no bucket', 'NoSuchBucket', () => copy('none/key')],
  ['a delete of no keys', 'MalformedXML', () => deleteKeys([])],
])('%s is %s', async ([, code, send]) => {
  await expect(send()).rejects.toMatchObject({ name: code })
})

test('a path that does not decode is 400', async () => {
  expect((await fetch(`${running.served.url}/images/%FF`)).status).toBe(400)
})

type Change = (request: { headers: Record<string, string>; body: unknown }) => void

function beforeSigning(change: Change): void {
  running.client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Parameters<Change>[0])
      return next(args)
    },
    { step: 'build', priority: 'low' },
  )
}

function afterSigning(change: Change): void {
  running.client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Parameters<Change>[0])
      return next(args)
    },
    { step: 'deserialize', priority: 'low' },
  )
}

function list(input: { ContinuationToken?: string; MaxKeys?: number }) {
  return running.client.send(new ListObjectsV2Command({ Bucket, ...input }))
}

function copy(CopySource: string) {
  return running.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
}

function deleteKeys(keys: string[]) {
  const Delete = { Objects: keys.map((Key) => ({ Key })) }
  return running.client.send(new DeleteObjectsCommand({ Bucket, Delete }))
}
