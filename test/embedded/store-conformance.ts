import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** A running S3 store, and what it can do beyond what all of them do. */
export type StoreUnderTest = {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Whether it holds a body against `x-amz-checksum-sha256`. AWS does; Ceph RGW 16 does not. */
  readonly verifiesChecksums: boolean
  readonly close: () => Promise<void>
}

const partBytes = 5 * 1024 * 1024
const body = fixedBytes('body', 300_000)
const digestKey = `containers/images/sha256:${sha256(body).toString('hex')}`
const sha256Base64 = sha256(body).toString('base64')

/** What nearport asks of a store: the same expectations for the embedded one and for real ones. */
export function storeConformance(name: string, connect: () => Promise<StoreUnderTest>): void {
  describe(`a store as nearport needs it: ${name}`, () => {
    const suffix = Date.now().toString(36)
    const bucket = `conformance-${suffix}-a`
    const otherBucket = `conformance-${suffix}-b`
    let store: StoreUnderTest
    let client: S3Client

    beforeAll(async () => {
      store = await connect()
      client = clientOf(store)
      for (const Bucket of [bucket, otherBucket]) {
        await client.send(new CreateBucketCommand({ Bucket }))
      }
      await put({ Key: digestKey, Body: body, ContentType: 'application/octet-stream' })
    }, 60_000)

    afterAll(async () => {
      client.destroy()
      await store.close()
    })

    test('a bucket that was created is there, and another is not', async () => {
      await client.send(new HeadBucketCommand({ Bucket: bucket }))
      const missing = client.send(new HeadBucketCommand({ Bucket: `${bucket}-missing` }))
      expect(await statusOf(missing)).toBe(404)
    })

    test.for<[string, Partial<PutObjectCommandInput>]>([
      ['bytes', { Body: body }],
      ['bytes with their SHA-256', { Body: body, ChecksumSHA256: sha256Base64 }],
      ['bytes with their MD5', { Body: body, ContentMD5: md5(body) }],
      ['no bytes at all', { Body: new Uint8Array() }],
    ])('what is put as %s comes back equal', async ([kind, input]) => {
      const Key = `put/${kind}`
      await put({ Key, ...input })
      expect(await read(Key)).toEqual(input.Body)
    })

    test.for<[string, Partial<PutObjectCommandInput>]>([
      ['alone', {}],
      ['and SHA-256', { ChecksumSHA256: sha256Base64 }],
    ])('a stream with its length %s is stored without framing', async ([kind, input]) => {
      const Body = Readable.from([body.subarray(0, 100_000), body.subarray(100_000)])
      await put({ Key: `stream/${kind}`, Body, ContentLength: body.length, ...input })
      expect(await read(`stream/${kind}`)).toEqual(body)
    })

    test('bytes that are not those of the MD5 are refused and leave nothing', async () => {
      const ContentMD5 = md5(Buffer.from('other'))
      expect(await statusOf(put({ Key: 'bad-md5', Body: body, ContentMD5 }))).toBe(400)
      expect(await statusOf(head('bad-md5'))).toBe(404)
    })

    test('bytes that are not those of the SHA-256 are refused, where the store verifies it', async () => {
      const ChecksumSHA256 = sha256(Buffer.from('other')).toString('base64')
      const outcome = await statusOf(put({ Key: 'bad-sha256', Body: body, ChecksumSHA256 }))
      expect(outcome).toBe(store.verifiesChecksums ? 400 : 200)
      expect(await statusOf(head('bad-sha256'))).toBe(store.verifiesChecksums ? 404 : 200)
    })

    test('the SHA-256 that was given is told to who asks, where the store verifies it', async () => {
      await put({ Key: 'checksum', Body: body, ChecksumSHA256: sha256Base64 })
      const { ChecksumSHA256 } = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: 'checksum', ChecksumMode: 'ENABLED' }),
      )
      expect(ChecksumSHA256).toBe(store.verifiesChecksums ? sha256Base64 : undefined)
    })

    test('If-None-Match: * writes a new key, and never over one that is there', async () => {
      await put({ Key: 'once', Body: 'first', IfNoneMatch: '*' })
      expect(await statusOf(put({ Key: 'once', Body: 'second', IfNoneMatch: '*' }))).toBe(412)
      expect(await read('once')).toEqual(new TextEncoder().encode('first'))
    })

    test('HEAD tells length, type, caching and metadata', async () => {
      await put({
        Key: 'described',
        Body: body,
        ContentType: 'application/octet-stream',
        CacheControl: 'public, max-age=31536000, immutable',
        Metadata: { owner: 'nearport' },
      })
      expect(await head('described')).toMatchObject({
        ContentLength: body.length,
        ContentType: 'application/octet-stream',
        CacheControl: 'public, max-age=31536000, immutable',
        Metadata: { owner: 'nearport' },
      })
    })

    test('a missing object is 404 to the owner', async () => {
      expect(await statusOf(head('missing'))).toBe(404)
      await expect(read('missing')).rejects.toMatchObject({ name: 'NoSuchKey' })
    })

    test.for<[string, number, number]>([
      ['bytes=10-19', 10, 20],
      ['bytes=299990-', 299_990, 300_000],
      ['bytes=-7', 299_993, 300_000],
      ['bytes=299990-999999', 299_990, 300_000],
    ])('Range %s gives that part', async ([Range, start, end]) => {
      const answer = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: digestKey, Range }),
      )
      expect(answer.$metadata.httpStatusCode).toBe(206)
      expect(answer.ContentRange).toBe(`bytes ${start}-${end - 1}/300000`)
      expect(await answer.Body?.transformToByteArray()).toEqual(body.subarray(start, end))
    })

    test('a range past the end is 416', async () => {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: digestKey,
        Range: 'bytes=300000-',
      })
      expect(await statusOf(client.send(command))).toBe(416)
    })

    test('a GET with the entity tag it knows is 304', async () => {
      const { ETag } = await head(digestKey)
      const command = new GetObjectCommand({ Bucket: bucket, Key: digestKey, IfNoneMatch: ETag })
      expect(await statusOf(client.send(command))).toBe(304)
    })

    test('a copy into another bucket has the bytes and the type', async () => {
      const CopySource = `${bucket}/${encodeURIComponent(digestKey)}`
      await client.send(new CopyObjectCommand({ Bucket: otherBucket, Key: digestKey, CopySource }))
      const copy = await client.send(new GetObjectCommand({ Bucket: otherBucket, Key: digestKey }))
      expect(copy.ContentType).toBe('application/octet-stream')
      expect(await copy.Body?.transformToByteArray()).toEqual(body)
    })

    test('a listing is in UTF-8 byte order, a page at a time, with every key once', async () => {
      const keys = ['a', 'a b', 'a%2Fb', 'a+b', 'a/b', 'aé', 'a\u{fffd}', 'a\u{1f600}']
      for (const key of keys) await put({ Key: `list/${key}`, Body: key })

      const pages = await listPages('list/', 3)
      expect(pages.map((page) => page.length)).toEqual([3, 3, 2])
      const inOrder = keys.map((key) => `list/${key}`).toSorted(compareUtf8)
      expect(pages.flat()).toEqual(inOrder)
    })

    test('a listing starts after a key, and folds what shares a prefix up to the delimiter', async () => {
      for (const key of ['1/x', '1/y', '2', '3/z', '4'])
        await put({ Key: `fold/${key}`, Body: key })
      const after = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: 'fold/', StartAfter: 'fold/2' }),
      )
      expect(after.Contents?.map(({ Key }) => Key)).toEqual(['fold/3/z', 'fold/4'])

      const folded = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: 'fold/', Delimiter: '/' }),
      )
      expect(folded.Contents?.map(({ Key }) => Key)).toEqual(['fold/2', 'fold/4'])
      expect(folded.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['fold/1/', 'fold/3/'])
    })

    test('a multipart upload is one object once it is completed, and nothing before', async () => {
      const big = fixedBytes('big', 2 * partBytes + 1234)
      const Key = 'multipart'
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ Bucket: bucket, Key, CacheControl: 'no-cache' }),
      )
      const Parts = []
      for (const PartNumber of [1, 2, 3]) {
        const Body = big.subarray((PartNumber - 1) * partBytes, PartNumber * partBytes)
        const { ETag } = await client.send(
          new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber, Body }),
        )
        Parts.push({ PartNumber, ETag })
      }
      expect(await statusOf(head(Key))).toBe(404)
      const listed = await client.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }))
      expect(listed.Parts?.map(({ Size }) => Size)).toEqual([partBytes, partBytes, 1234])

      const MultipartUpload = { Parts }
      await client.send(
        new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId, MultipartUpload }),
      )
      expect(sha256(await read(Key))).toEqual(sha256(big))
      expect(await head(Key)).toMatchObject({ CacheControl: 'no-cache' })

      const Range = `bytes=${partBytes - 10}-${partBytes + 9}`
      const across = await client.send(new GetObjectCommand({ Bucket: bucket, Key, Range }))
      expect(await across.Body?.transformToByteArray()).toEqual(
        big.subarray(partBytes - 10, partBytes + 10),
      )
    }, 60_000)

    test('an upload that was aborted is not listed, and cannot be completed', async () => {
      const Key = 'aborted'
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ Bucket: bucket, Key }),
      )
      const part = { Bucket: bucket, Key, UploadId, PartNumber: 1 }
      const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: body }))
      expect(await openUploads(Key)).toEqual([UploadId])

      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
      expect(await openUploads(Key)).toEqual([])
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      const late = new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key,
        UploadId,
        MultipartUpload,
      })
      // AWS answers 404 NoSuchUpload; Ceph RGW 16 answers 500.
      expect(await statusOf(client.send(late))).toBeGreaterThanOrEqual(400)
      expect(await statusOf(head(Key))).toBe(404)
    })

    test.for<[string, Partial<StoreUnderTest>, string]>([
      ['a wrong secret', { secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
      ['an unknown key', { accessKeyId: 'NOBODY' }, 'InvalidAccessKeyId'],
    ])('%s is refused and writes nothing', async ([, credentials, code]) => {
      const stranger = clientOf({ ...store, ...credentials })
      const attempt = stranger.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'stranger', Body: 'x' }),
      )
      await expect(attempt).rejects.toMatchObject({
        name: code,
        $metadata: { httpStatusCode: 403 },
      })
      stranger.destroy()
      expect(await statusOf(head('stranger'))).toBe(404)
    })

    test('what is deleted is gone, one by one or many at once', async () => {
      for (const Key of ['delete/1', 'delete/2', 'delete/3 &<é>']) await put({ Key, Body: Key })
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'delete/1' }))
      const Objects = [{ Key: 'delete/2' }, { Key: 'delete/3 &<é>' }, { Key: 'delete/never-was' }]
      const answer = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }),
      )
      expect(answer.Errors ?? []).toEqual([])
      expect(await listPages('delete/', 10)).toEqual([[]])
    })

    test('nobody reads without a policy; with one, its prefix alone, and a missing key is 403', async () => {
      const url = (key: string) => `${store.endpoint}/${bucket}/${key}`
      expect((await fetch(url(digestKey))).status).toBe(403)

      await client.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: publicRead(bucket, 'containers/images/'),
        }),
      )
      await put({ Key: 'private', Body: 'x' })
      for (const key of [digestKey, digestKey.replace(':', '%3A')]) {
        const answer = await fetch(url(key))
        expect(answer.status).toBe(200)
        expect(new Uint8Array(await answer.arrayBuffer())).toEqual(body)
      }
      const head200 = await fetch(url(digestKey), { method: 'HEAD' })
      expect(head200.headers.get('content-length')).toBe(String(body.length))
      const ranged = await fetch(url(digestKey), { headers: { Range: 'bytes=0-9' } })
      expect(ranged.status).toBe(206)
      expect(new Uint8Array(await ranged.arrayBuffer())).toEqual(body.subarray(0, 10))

      expect((await fetch(url('private'))).status).toBe(403)
      // S3 says 403, not 404, to whoever may not list the bucket.
      expect((await fetch(url('containers/images/missing'))).status).toBe(403)
      expect((await fetch(url('?list-type=2'))).status).toBe(403)
    })

    function put(input: Omit<PutObjectCommandInput, 'Bucket'>) {
      return client.send(new PutObjectCommand({ Bucket: bucket, ...input }))
    }

    function head(Key: string) {
      return client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    }

    async function read(Key: string): Promise<Uint8Array> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
      if (Body === undefined) throw new Error(`wanted the body of ${Key}, and got none`)
      return Body.transformToByteArray()
    }

    async function openUploads(Prefix: string): Promise<(string | undefined)[]> {
      const { Uploads = [] } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix }),
      )
      return Uploads.map(({ UploadId }) => UploadId)
    }

    async function listPages(Prefix: string, MaxKeys: number): Promise<string[][]> {
      const pages: string[][] = []
      let ContinuationToken: string | undefined
      do {
        const page: ListObjectsV2CommandOutput = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix, MaxKeys, ContinuationToken }),
        )
        pages.push((page.Contents ?? []).map(({ Key = '' }) => Key))
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      return pages
    }
  })
}

/** A client of a store as sync makes one for endpoints other than AWS; it asks once. */
export function clientOf(store: StoreUnderTest): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = store
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/** The status a store answered with, whether the client took it for an error or not. */
export async function statusOf(
  answer: Promise<{ readonly $metadata: { readonly httpStatusCode?: number | undefined } }>,
): Promise<number | undefined> {
  try {
    return (await answer).$metadata.httpStatusCode
  } catch (error) {
    if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode
    throw error
  }
}

/** Bytes that look random and are the same in every run. */
export function fixedBytes(seed: string, length: number): Uint8Array {
  const digest = createHash('shake256', { outputLength: length }).update(seed).digest()
  return new Uint8Array(digest)
}

function publicRead(bucket: string, prefix: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}/${prefix}*`],
      },
    ],
  })
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64')
}
