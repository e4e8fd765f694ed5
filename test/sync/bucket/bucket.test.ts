import { Readable } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { refusing } from '../../../src/embedded/store-fault.ts'
import { storeName } from '../../../src/sync/bucket/bucket-client.ts'
import { BucketError } from '../../../src/sync/bucket/bucket-error.ts'
import { digestOf } from '../../../src/sync/content-digest.ts'
import { createBucket, name, openMirror as open, streamOf } from './bucket-world.ts'
import { mirrorOf } from '../world.ts'

const bytes = Buffer.alloc(3_000_000, 9)

afterEach(() => vi.unstubAllEnvs())

test('a blob is sent as it is, with its digest as checksum and as the hash of what is signed', async () => {
  const { store, bucket } = await createBucket()
  await bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes))
  const { headers } = store.requests.at(-1)!
  expect(headers).toMatchObject({
    'content-length': '3000000',
    'content-type': 'application/octet-stream',
    'x-amz-content-sha256': digestOf(bytes).slice(7),
    'x-amz-checksum-sha256': Buffer.from(digestOf(bytes).slice(7), 'hex').toString('base64'),
  })
  expect(headers).not.toHaveProperty('content-encoding')
  expect(headers).not.toHaveProperty('transfer-encoding')
  const back = await bucket.openBlob(digestOf(bytes), bytes.length)
  expect(Buffer.concat(await back.toArray()).equals(bytes)).toBe(true)
})

test('a range of a blob is opened, and another one than was asked for is not taken', async () => {
  const { store, bucket } = await createBucket()
  const digest = digestOf(Buffer.from('0123456789'))
  store.putObject(name, `containers/images/${digest}`, Buffer.from('0123456789'))
  const part = await bucket.openBlob(digest, 10, { first: 2, last: 5 })
  expect(Buffer.concat(await part.toArray()).toString()).toBe('2345')

  store.intercept = () => new Response('0123456789')
  await expect(bucket.openBlob(digest, 10, { first: 2, last: 5 })).rejects.toThrow(
    'wanted bytes=2-5, got all of it',
  )
})

test('what a store says of a blob: its size, and whether it has checked it', async () => {
  const { store, bucket } = await createBucket()
  expect(await bucket.headBlob(digestOf(bytes))).toBeUndefined()
  await bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes))
  expect(await bucket.headBlob(digestOf(bytes))).toEqual({
    sizeBytes: 3_000_000,
    isVouchedFor: true,
  })
  store.putObject(name, `containers/images/${digestOf(bytes)}`, Buffer.from('other'))
  expect(await bucket.headBlob(digestOf(bytes))).toEqual({ sizeBytes: 5, isVouchedFor: false })
  store.intercept = refusing('AccessDenied')
  await expect(bucket.headBlob(digestOf(bytes))).rejects.toMatchObject({ status: 403 })
})

test('where AWS’s own endpoint and checksums are used, nothing else is put around a blob', async () => {
  const { store, url } = await createBucket()
  vi.stubEnv('AWS_ENDPOINT_URL_S3', url)
  const { endpoint: _, ...mirror } = mirrorOf('us-east-1', url)
  const bucket = open(mirror)
  await bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes))
  const { headers } = store.requests.at(-1)!
  expect(headers).not.toHaveProperty('content-encoding')
  expect(Object.keys(headers).filter((each) => each.startsWith('x-amz-checksum-'))).toEqual([
    'x-amz-checksum-sha256',
  ])
  await bucket.put('nearport/x', Buffer.from('x'), {
    contentType: 'text/plain',
    cacheControl: 'no-cache',
  })
  expect(Buffer.from((await bucket.get('nearport/x'))!).toString()).toBe('x')
  expect([...(await bucket.listBlobs())]).toEqual([[digestOf(bytes), bytes.length]])
})

test('the store itself refuses other bytes than the digest says', async () => {
  const { store, bucket } = await createBucket()
  const put = bucket.putBlob(digestOf(Buffer.from('x')), bytes.length, streamOf(bytes))
  await expect(put).rejects.toThrow(/^the store answered 400 to PUT containers\/images\/sha256:/)
  expect(store.keys(name, 'containers/')).toEqual([])
})

test.for([10, 3_000_000])(
  'a body of %i bytes that fails leaves nothing, and its own error',
  async (size) => {
    const { store, bucket } = await createBucket()
    const failing = Readable.from(
      (async function* () {
        yield Buffer.alloc(size - 1)
        throw new Error('the source broke')
      })(),
      { objectMode: false },
    )
    await expect(bucket.putBlob(digestOf(bytes), size, failing)).rejects.toThrow('the source broke')
    expect(failing.destroyed).toBe(true)
    expect(store.keys(name, 'containers/')).toEqual([])
  },
)

test('the empty blob is stored', async () => {
  const { store, bucket } = await createBucket()
  const empty = Buffer.alloc(0)
  await bucket.putBlob(digestOf(empty), 0, streamOf(empty))
  expect(store.findObject(name, `containers/images/${digestOf(empty)}`)!.bytes.length).toBe(0)
})

test('a listing goes over all pages, and knows blobs from the rest', async () => {
  const { store, bucket } = await createBucket({ pageLimit: 3 })
  const digests = Array.from({ length: 10 }, (_, n) => digestOf(Buffer.from(`${n}`)))
  for (const each of digests) store.putObject(name, `containers/images/${each}`, Buffer.from('1'))
  for (const key of ['containers/images/README', 'containers/images/sha256:12', 'other']) {
    store.putObject(name, key, Buffer.from('22'))
  }
  expect(new Map(await bucket.listBlobs())).toEqual(new Map(digests.map((each) => [each, 1])))
  expect((await bucket.listKeys('')).size).toBe(13)
  expect((await bucket.listKeys('', 2)).size).toBe(2)
})

test('what is not there is undefined; a bucket that is not there is an error', async () => {
  const { url, bucket } = await createBucket()
  expect(await bucket.get('nearport/none')).toBeUndefined()
  const gone = open({ ...mirrorOf('us-east-1', url), bucket: 'gone' })
  await expect(gone.get('nearport/none')).rejects.toThrow(/answered 404 .*NoSuchBucket/)
})

test.for<[string, () => Response, object]>([
  ['503 SlowDown', () => xml(503, 'SlowDown'), { code: 'SlowDown', status: 503, retryable: true }],
  ['403', () => xml(403, 'AccessDenied'), { code: 'AccessDenied', status: 403, retryable: false }],
  ['501', () => xml(501, 'NotImplemented'), { status: 501, retryable: false }],
])('%s is told by its code, and whether trying again helps', async ([, answer, wanted]) => {
  const { store, bucket } = await createBucket()
  store.intercept = answer
  const error: unknown = await bucket.listBlobs().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(BucketError)
  expect(error).toMatchObject(wanted)
})

test('a copy that fails although it began with 200 is a failure', async () => {
  const { store, bucket } = await createBucket()
  store.putObject(name, `containers/images/${digestOf(bytes)}`, bytes)
  store.intercept = (request) =>
    request.headers.has('x-amz-copy-source') ? xml(200, 'InternalError') : undefined
  await expect(bucket.copyBlob(digestOf(bytes), bytes.length, bucket)).rejects.toMatchObject({
    code: 'InternalError',
    retryable: true,
  })
})

test('copies stay inside one endpoint, one account and one partition', () => {
  const settings = (region: string, more: object = {}) =>
    storeName({
      bucket: 'b',
      endpoint: undefined,
      forcePathStyle: false,
      signingRegion: region,
      credentials: undefined,
      ...more,
    })
  expect(settings('us-east-1')).toBe(settings('eu-west-1'))
  for (const other of [
    settings('cn-north-1'),
    settings('us-gov-west-1'),
    settings('eusc-de-east-1'),
    settings('us-east-1', { credentials: 'OTHER' }),
    settings('us-east-1', { endpoint: 'https://r2.example' }),
  ]) {
    expect(other).not.toBe(settings('us-east-1'))
  }
})

function xml(status: number, code: string): Response {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said so</Message></Error>`
  return new Response(body, { status, headers: { 'content-type': 'application/xml' } })
}
