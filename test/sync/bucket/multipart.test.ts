import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import type { Intercept } from '../../../src/embedded/observe.ts'
import { denying, faultFor, refusing } from '../../../src/embedded/store-fault.ts'
import { digestOf } from '../../../src/sync/content-digest.ts'
import {
  partSizeOf,
  partsAtOnce,
  usualMultipart,
} from '../../../src/sync/bucket/multipart-settings.ts'
import { verified } from '../../../src/sync/transfer/verified.ts'
import { createBucket, name, openMirror, smallParts, streamOf } from './bucket-world.ts'
import { mirrorOf } from '../world.ts'

const bytes = createHash('shake256', { outputLength: 30_001 }).update('a large blob').digest()
const digest = digestOf(bytes)
const key = `containers/images/${digest}`
const isPart = (number: number) => (request: Request) =>
  request.method === 'PUT' && request.url.includes(`partNumber=${number}&`)
const isComplete = ({ method, url }: Request) => method === 'POST' && url.includes('uploadId=')

afterEach(() => vi.unstubAllEnvs())

const createLarge = (intercept?: Intercept) =>
  createBucket(intercept === undefined ? {} : { intercept }, { multipart: smallParts })

test('a blob above what one PUT takes goes in parts, and says of itself what every blob does', async () => {
  const { store, bucket } = await createLarge()
  expect(await bucket.putBlob(digest, bytes.length, streamOf(bytes))).toBe('stored')
  const { bytes: stored, headers } = store.findObject(name, key)!
  expect(Buffer.from(stored).equals(bytes)).toBe(true)
  expect(headers).toEqual({
    'content-type': 'application/octet-stream',
    'cache-control': 'public, max-age=31536000, immutable',
  })
  const parts = store.requests.filter(({ path }) => path.includes('partNumber='))
  expect(parts.map((each) => each.headers['content-length'])).toHaveLength(8)
  for (const part of parts) expect(part.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/)
  expect(store.openUploads(name)).toBe(0)
})

test('AWS is given the SHA-256 of every part, and never that of the whole', async () => {
  const { store, url } = await createLarge()
  vi.stubEnv('AWS_ENDPOINT_URL_S3', url)
  const { endpoint: _, ...mirror } = mirrorOf('us-east-1', url)
  const bucket = openMirror(mirror, { multipart: smallParts })
  await bucket.putBlob(digest, bytes.length, streamOf(bytes))
  expect(store.findObject(name, key)!.checksums['sha256']).toMatch(/=-8$/)
  expect(await bucket.headBlob(digest)).toEqual({ sizeBytes: 30_001, isVouchedFor: false })
  await bucket.close()
})

test('no more than three parts are on their way at once', async () => {
  let running = 0
  let most = 0
  const { bucket } = await createLarge(async (request, next) => {
    if (!request.url.includes('partNumber=')) return undefined
    most = Math.max(most, ++running)
    await sleep(10)
    const answer = await next()
    running--
    return answer
  })
  await bucket.putBlob(digest, bytes.length, streamOf(bytes))
  expect(most).toBe(3)
})

test('a part that fails is sent again from memory', async () => {
  const { store, bucket } = await createLarge(faultFor(isPart(3), refusing('SlowDown'), 4))
  expect(await bucket.putBlob(digest, bytes.length, streamOf(bytes))).toBe('stored')
  expect(Buffer.from(store.findObject(name, key)!.bytes).equals(bytes)).toBe(true)
  expect(store.requests.filter(({ path }) => path.includes('partNumber=3&')).length).toBe(5)
})

test('a part that is refused ends the upload, leaves nothing, and blames the store', async () => {
  const { store, bucket } = await createLarge(faultFor(isPart(3), refusing('AccessDenied')))
  const body = streamOf(bytes)
  const blamed: unknown[] = []
  body.on('error', (error) => blamed.push(error))
  await expect(bucket.putBlob(digest, bytes.length, body)).rejects.toMatchObject({
    name: 'BucketError',
    code: 'AccessDenied',
  })
  expect(blamed).toEqual([])
  expect(store.keys(name, 'containers/')).toEqual([])
  expect(store.openUploads(name)).toBe(0)
})

test.for<[string, Buffer, RegExp]>([
  ['too few', bytes.subarray(1), /wanted 30001 bytes of sha256:.*, got 30000/],
  ['other', Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)]), /wanted sha256:.*, got sha/],
])('of %s bytes nothing is left, and the error is theirs', async ([, sent, wanted]) => {
  const { store, bucket } = await createLarge()
  const chunks = Array.from({ length: 31 }, (_, n) => sent.subarray(n * 1000, (n + 1) * 1000))
  const source = Readable.from(chunks, { objectMode: false })
  const expected = { digest, sizeBytes: bytes.length, from: 'the upstream', onBytes() {} }
  const put = bucket.putBlob(digest, bytes.length, verified(source, expected))
  await expect(put).rejects.toThrow(wanted)
  await expect(put).rejects.toMatchObject({ name: 'ContentError' })
  expect(store.keys(name, 'containers/')).toEqual([])
  expect(store.openUploads(name)).toBe(0)
  expect(store.requests.filter(isCompleted)).toEqual([])
})

test('a body of another length than was said is not completed', async () => {
  const { store, bucket } = await createLarge()
  const put = bucket.putBlob(digest, bytes.length + 1, streamOf(bytes))
  await expect(put).rejects.toThrow('wanted 30002 bytes, got 30001')
  expect(store.openUploads(name)).toBe(0)
})

test('what another run completed meanwhile stays, and this upload goes', async () => {
  const { store, bucket } = await createLarge()
  store.putObject(name, key, Buffer.from('there'))
  expect(await bucket.putBlob(digest, bytes.length, streamOf(bytes))).toBe('there')
  expect(store.findObject(name, key)!.bytes.length).toBe(5)
  expect(store.openUploads(name)).toBe(0)
  expect(await bucket.putBlob(digest, bytes.length, streamOf(bytes), { overwrite: true })).toBe(
    'stored',
  )
  expect(store.findObject(name, key)!.bytes.length).toBe(30_001)
})

test('a store that knows the condition on a PUT alone completes without it', async () => {
  const fault = (request: Request) => isComplete(request) && request.headers.has('if-none-match')
  const { store, bucket } = await createLarge(faultFor(fault, refusing('NotImplemented')))
  expect(await bucket.putBlob(digest, bytes.length, streamOf(bytes))).toBe('stored')
  expect(store.findObject(name, key)!.bytes.length).toBe(30_001)
})

test.for<[string, boolean]>([
  ['new', false],
  ['written over', true],
])('an upload that was completed although the store denies it is done: %s', async ([, isThere]) => {
  const { store, bucket } = await createLarge(faultFor(isComplete, denying('InternalError'), 1))
  if (isThere) store.putObject(name, key, Buffer.alloc(bytes.length))
  const put = bucket.putBlob(digest, bytes.length, streamOf(bytes), { overwrite: isThere })
  expect(await put).toBe('stored')
  expect(Buffer.from(store.findObject(name, key)!.bytes).equals(bytes)).toBe(true)
})

test('a store that never completes is believed, also where the size is right already', async () => {
  const { store, bucket } = await createLarge(faultFor(isComplete, refusing('InternalError')))
  store.putObject(name, key, Buffer.alloc(bytes.length))
  const put = bucket.putBlob(digest, bytes.length, streamOf(bytes), { overwrite: true })
  await expect(put).rejects.toMatchObject({ code: 'InternalError', retryable: true })
  expect(store.openUploads(name)).toBe(0)
})

test('an error inside a 200 is an error', async () => {
  const text = '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>'
  const { store, bucket } = await createLarge(faultFor(isComplete, () => new Response(text), 1))
  expect(await bucket.putBlob(digest, bytes.length, streamOf(bytes))).toBe('stored')
  expect(store.findObject(name, key)!.bytes.length).toBe(30_001)
})

test('a conflict is told, and the upload is not completed', async () => {
  const { store, bucket } = await createLarge(
    faultFor(isComplete, refusing('ConditionalRequestConflict')),
  )
  const put = bucket.putBlob(digest, bytes.length, streamOf(bytes))
  await expect(put).rejects.toMatchObject({ status: 409, retryable: true })
  expect(store.openUploads(name)).toBe(0)
})

test('an upload that another took away may be started over', async () => {
  const { store, bucket } = await createLarge(faultFor(isPart(5), refusing('NoSuchUpload'), 1))
  const put = () => bucket.putBlob(digest, bytes.length, streamOf(bytes))
  await expect(put()).rejects.toMatchObject({ code: 'NoSuchUpload', retryable: true })
  expect(store.openUploads(name)).toBe(0)
  expect(await put()).toBe('stored')
})

test('a stop gives the upload up and takes away what was sent', async () => {
  const stop = new AbortController()
  const { store, bucket } = await createBucket(
    {
      intercept: faultFor(isPart(5), async () => {
        stop.abort()
        return undefined
      }),
    },
    { multipart: smallParts, stop: stop.signal },
  )
  await expect(bucket.putBlob(digest, bytes.length, streamOf(bytes))).rejects.toThrow(
    /AbortError|aborted/,
  )
  await vi.waitFor(() => expect(store.openUploads(name)).toBe(0))
  expect(store.keys(name, 'containers/')).toEqual([])
})

test('a large blob is copied in ranges inside the store, and says of itself what every blob does', async () => {
  const { store, url, bucket } = await createLarge()
  store.createBucket('other')
  store.putObject('other', key, bytes, { 'content-encoding': 'gzip' })
  const other = openMirror({ ...mirrorOf('eu-west-1', url), bucket: 'other' })
  await bucket.copyBlob(digest, bytes.length, other)
  const { bytes: stored, headers } = store.findObject(name, key)!
  expect(Buffer.from(stored).equals(bytes)).toBe(true)
  expect(headers).not.toHaveProperty('content-encoding')
  const ranges = store.requests.flatMap((each) => each.headers['x-amz-copy-source-range'] ?? [])
  expect(ranges.length).toBe(7)
  expect(ranges).toContain('bytes=30000-30000')
})

test('a copy of which a range is refused leaves nothing', async () => {
  const { store, bucket } = await createLarge(faultFor(isPart(2), refusing('AccessDenied')))
  store.putObject(name, 'source', bytes)
  await expect(bucket.copyBlob(digest, bytes.length, bucket)).rejects.toMatchObject({
    code: 'NoSuchKey',
  })
  store.putObject(name, key, bytes)
  await expect(bucket.copyBlob(digest, bytes.length, bucket)).rejects.toMatchObject({
    code: 'AccessDenied',
  })
  expect(store.openUploads(name)).toBe(0)
})

test('there are never more than 10,000 parts, nor more in memory than usual', () => {
  const gibibyte = 1024 ** 3
  expect(partSizeOf(6 * gibibyte, usualMultipart.partBytes)).toBe(5 * 1024 ** 2)
  const partBytes = partSizeOf(200 * gibibyte, usualMultipart.partBytes)
  expect(Math.ceil((200 * gibibyte) / partBytes)).toBeLessThanOrEqual(10_000)
  expect(partsAtOnce(5 * 1024 ** 2, usualMultipart)).toBe(3)
  expect(partsAtOnce(partBytes, usualMultipart)).toBe(1)
})

function isCompleted({ method, path }: { readonly method: string; readonly path: string }) {
  return method === 'POST' && path.includes('uploadId=')
}
