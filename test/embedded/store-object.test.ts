import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { StoreError, storeErrorResponse } from '../../src/embedded/store-error.ts'
import { Bucket, body, bodySha256, credentials, useStore } from './store-fixture.ts'
import { exchange } from './wire.ts'

const running = useStore()

test('If-Match writes over the object it names and over no other', async () => {
  const { ETag } = await running.put('current', { Body: 'one' })
  await running.put('current', { Body: 'two', IfMatch: ETag })
  await expect(running.put('current', { Body: 'three', IfMatch: ETag })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  })
  await expect(running.put('absent', { IfMatch: ETag })).rejects.toMatchObject({
    name: 'NoSuchKey',
  })
})

test('more than one range gets the whole object, as S3 does it', async () => {
  await running.put('ranged')
  const answer = await running.client.send(
    new GetObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=0-1,4-5' }),
  )
  expect(answer.$metadata.httpStatusCode).toBe(200)
  expect(answer.ContentLength).toBe(body.length)
})

test('a copy has the checksum of its source, and a copy onto itself is refused', async () => {
  await running.put('source +é', { ChecksumSHA256: bodySha256 })
  const CopySource = `${Bucket}/${encodeURIComponent('source +é')}`
  await running.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
  expect(
    await running.client.send(
      new HeadObjectCommand({ Bucket, Key: 'copy', ChecksumMode: 'ENABLED' }),
    ),
  ).toMatchObject({ ChecksumSHA256: bodySha256 })

  const onto = new CopyObjectCommand({ Bucket, Key: 'source +é', CopySource })
  await expect(running.client.send(onto)).rejects.toMatchObject({ name: 'InvalidRequest' })
})

test('a listing can encode its keys, and escapes what XML could not carry', async () => {
  await running.put('a b/é&<\r')
  const encoded = await running.client.send(
    new ListObjectsV2Command({ Bucket, EncodingType: 'url' }),
  )
  expect(encoded.Contents?.map(({ Key }) => Key)).toEqual(['a%20b/%C3%A9%26%3C%0D'])
  const plain = await running.client.send(new ListObjectsV2Command({ Bucket }))
  expect(plain.Contents?.map(({ Key }) => Key)).toEqual(['a b/é&<\r'])
})

test('HEAD of an object has its length on the wire, and no body', async () => {
  running.store.createBucket('public', { publicPrefixes: [''] })
  running.store.putObject('public', 'key', body)
  const request = 'HEAD /public/key HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const answer = await exchange(running.served.port, request)
  expect(answer.head).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  expect(answer.head).toMatch(/^content-length: 100000\r$/im)
  expect(answer.body).toBe('')
})

test('an intercept can answer instead of the store, once', async () => {
  let faults = 0
  running.store.intercept = () =>
    (faults += 1) > 1 ? undefined : storeErrorResponse(new StoreError('SlowDown'))
  await expect(running.put('key')).rejects.toMatchObject({ name: 'SlowDown' })
  await running.put('key')
  expect(running.store.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PUT /images/key?x-id=PutObject',
    'PUT /images/key?x-id=PutObject',
  ])
})

test('a read with If-Match of another object is 412', async () => {
  await running.put('key')
  const read = new GetObjectCommand({ Bucket, Key: 'key', IfMatch: '"other"' })
  await expect(running.client.send(read)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 412 },
  })
})

test('a range is given only of the object that If-Range names', async () => {
  running.store.createBucket('public', { publicPrefixes: [''] })
  running.store.putObject('public', 'key', body)
  const etag = running.store.findObject('public', 'key')?.etag ?? ''
  const status = async (ifRange: string) => {
    const headers = { Range: 'bytes=0-9', 'If-Range': ifRange }
    return (await fetch(`${running.served.url}/public/key`, { headers })).status
  }
  expect(await status(etag)).toBe(206)
  expect(await status('"older"')).toBe(200)
})

test('the encoding of the content is kept, and that of the transfer is not', async () => {
  await running.put('key', { ContentEncoding: 'gzip' })
  const eager = new S3Client({
    endpoint: running.served.url,
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
  })
  const Body = Readable.from([body])
  const framed = {
    Bucket,
    Key: 'framed',
    Body,
    ContentLength: body.length,
    ContentEncoding: 'gzip',
  }
  await eager.send(new PutObjectCommand(framed))
  eager.destroy()
  for (const key of ['key', 'framed']) {
    expect(running.store.findObject(Bucket, key)?.headers['content-encoding']).toBe('gzip')
  }
})
