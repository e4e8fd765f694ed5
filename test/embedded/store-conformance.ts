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
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
  type MultipartUpload,
  PutBucketAclCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePath } from '../../src/core/signing/presign-encoding.ts'
import { createPresigner } from '../../src/core/signing/presign.ts'
import { contentMd5, md5Step } from '../../src/sync/bucket/bucket-md5.ts'
import { digestOf } from '../../src/sync/content-digest.ts'
import { signDigest, signingStep } from '../../src/sync/bucket/put-command.ts'

/** A running S3 store, and what it can do beyond what all of them do. */
export type StoreUnderTest = {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Whether it holds a body against `x-amz-checksum-sha256`. AWS does; Ceph RGW 16 does not. */
  readonly verifiesChecksums: boolean
  /** What it makes of conditions on writes: it heeds them, refuses them with 501, or ignores them. */
  readonly conditions: {
    /** `If-None-Match: *` on PutObject. */
    readonly once: Heeded
    /** The same on CompleteMultipartUpload. */
    readonly completeOnce: Heeded
    /** `If-Match` on PutObject. */
    readonly replace: Heeded
  }
  /** The status of a signature for a region that is not the store's: 200 where any will do. */
  readonly otherRegion: number
  /** How everyone is let in to read, and where they read. */
  readonly publicRead: {
    readonly kind: 'policy' | 'acl'
    readonly urlOf: (bucket: string, key: string) => string
  }
  readonly close: () => Promise<void>
}

export type Heeded = 'heeded' | 'refused' | 'ignored'

/** What a condition that does not hold is answered with. */
const statusOfHeeded: Readonly<Record<Heeded, number>> = { heeded: 412, refused: 501, ignored: 200 }

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

    test('If-None-Match: * writes a new key, and never over one that is there, where it is heeded', async () => {
      const { once } = store.conditions
      const first = await statusOf(put({ Key: 'once', Body: 'first', IfNoneMatch: '*' }))
      expect(first).toBe(once === 'refused' ? 501 : 200)
      const second = await statusOf(put({ Key: 'once', Body: 'second', IfNoneMatch: '*' }))
      expect(second).toBe(statusOfHeeded[once])
      if (once === 'refused') expect(await statusOf(head('once'))).toBe(404)
      else expect(await text('once')).toBe(once === 'heeded' ? 'first' : 'second')
    })

    test('If-Match writes over the version it names, and over no other, where it is heeded', async () => {
      const { replace } = store.conditions
      await put({ Key: 'versions', Body: 'first' })
      const { ETag: first } = await head('versions')
      const known = await statusOf(put({ Key: 'versions', Body: 'second', IfMatch: bare(first) }))
      expect(known).toBe(replace === 'refused' ? 501 : 200)
      const late = await statusOf(put({ Key: 'versions', Body: 'third', IfMatch: bare(first) }))
      expect(late).toBe(statusOfHeeded[replace])
      const wanted = { heeded: 'second', refused: 'first', ignored: 'third' }
      expect(await text('versions')).toBe(wanted[replace])
    })

    test('a signature for another region is refused, where there is but one', async () => {
      const elsewhere = clientOf({ ...store, region: 'eu-north-1' })
      const listing = elsewhere.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
      expect(await statusOf(listing)).toBe(store.otherRegion)
      elsewhere.destroy()
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

    test('parts may be copied from ranges of another object, also of another bucket', async () => {
      const big = fixedBytes('source', partBytes + 1234)
      await put({ Key: 'copy-source', Body: big })
      const upload = await begin({ Bucket: otherBucket, Key: 'copied-in-parts' })
      const Parts = []
      for (const [PartNumber, first, last] of [
        [1, 0, partBytes - 1],
        [2, partBytes, big.length - 1],
      ] as const) {
        const { CopyPartResult } = await client.send(
          new UploadPartCopyCommand({
            ...upload,
            PartNumber,
            CopySource: `${bucket}/copy-source`,
            CopySourceRange: `bytes=${first}-${last}`,
          }),
        )
        Parts.push({ PartNumber, ETag: CopyPartResult?.ETag })
      }
      await client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
      )
      const copy = await client.send(
        new GetObjectCommand({ Bucket: otherBucket, Key: 'copied-in-parts' }),
      )
      expect(sha256((await copy.Body?.transformToByteArray())!)).toEqual(sha256(big))
    }, 60_000)

    test('a part that is sent again takes the place of the first', async () => {
      const upload = await begin({ Bucket: bucket, Key: 'part-again' })
      await sendPart(upload, 1, 'first')
      const Parts = [{ PartNumber: 1, ETag: await sendPart(upload, 1, 'second') }]
      await client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
      )
      expect(await text('part-again')).toBe('second')
    })

    test('a part whose bytes are not those that were signed is refused', async () => {
      const upload = await begin({ Bucket: bucket, Key: 'part-wrong' })
      const command = new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'other' })
      command.middlewareStack.add(signDigest(digestOf(body)), signingStep)
      expect(await statusOf(client.send(command))).toBe(400)
      await client.send(new AbortMultipartUploadCommand(upload))
    })

    test('an upload does not complete over what is there, where that is heeded', async () => {
      const { completeOnce } = store.conditions
      const complete = async (Key: string) => {
        const upload = await begin({ Bucket: bucket, Key })
        const Parts = [{ PartNumber: 1, ETag: await sendPart(upload, 1, 'parts') }]
        const request = { ...upload, MultipartUpload: { Parts }, IfNoneMatch: '*' }
        return statusOf(client.send(new CompleteMultipartUploadCommand(request)))
      }
      const first = await complete('complete-new')
      expect(first).toBe(completeOnce === 'refused' ? 501 : 200)
      await put({ Key: 'complete-once', Body: 'there' })
      expect(await complete('complete-once')).toBe(statusOfHeeded[completeOnce])
      expect(await text('complete-once')).toBe(completeOnce === 'ignored' ? 'parts' : 'there')
    })

    test('uploads are listed a page at a time, with the time they began', async () => {
      const keys = ['uploads/a', 'uploads/b', 'uploads/c']
      const begun = []
      for (const Key of keys) begun.push(await begin({ Bucket: bucket, Key }))
      const listed: MultipartUpload[] = []
      let marks: Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> | undefined
      do {
        const page: ListMultipartUploadsCommandOutput = await client.send(
          new ListMultipartUploadsCommand({
            Bucket: bucket,
            Prefix: 'uploads/',
            MaxUploads: 2,
            ...marks,
          }),
        )
        listed.push(...(page.Uploads ?? []))
        const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
        marks = page.IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined
      } while (marks !== undefined)
      expect(listed.map(({ UploadId }) => UploadId)).toEqual(begun.map(({ UploadId }) => UploadId))
      expect(listed.map(({ Key }) => Key)).toEqual(keys)
      for (const { Initiated } of listed) {
        expect(Math.abs(Date.now() - Initiated!.getTime())).toBeLessThan(60_000)
      }
      for (const upload of begun) await client.send(new AbortMultipartUploadCommand(upload))
    })

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

    test.for<[string, Partial<StoreUnderTest>, RegExp]>([
      ['a wrong secret', { secretAccessKey: 'wrong' }, /^SignatureDoesNotMatch$/],
      // Swift does not say which of the two was wrong.
      ['an unknown key', { accessKeyId: 'NOBODY' }, /^InvalidAccessKeyId$|^SignatureDoesNotMatch$/],
    ])('%s is refused and writes nothing', async ([, credentials, code]) => {
      const stranger = clientOf({ ...store, ...credentials })
      const attempt = stranger.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'stranger', Body: 'x' }),
      )
      await expect(attempt).rejects.toMatchObject({
        name: expect.stringMatching(code),
        $metadata: { httpStatusCode: 403 },
      })
      stranger.destroy()
      expect(await statusOf(head('stranger'))).toBe(404)
    })

    test('what is deleted is gone, one by one or many at once', async () => {
      for (const Key of ['delete/1', 'delete/2', 'delete/3 &<é>']) await put({ Key, Body: Key })
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'delete/1' }))
      const Objects = [{ Key: 'delete/2' }, { Key: 'delete/3 &<é>' }, { Key: 'delete/never-was' }]
      const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } })
      command.middlewareStack.add(contentMd5(), md5Step)
      const answer = await client.send(command)
      expect(answer.Errors ?? []).toEqual([])
      expect(await listPages('delete/', 10)).toEqual([[]])
    })

    test('who has a signed address reads by its method alone, also ranges, and not once it is over', async () => {
      const { endpoint, region } = store
      const keys = { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey }
      const presign = createPresigner({ url: `${endpoint}/${bucket}`, region }, keys)
      const path = encodePath(digestKey)
      const url = presign('GET', path, Date.now(), 60)
      const status = async (address: string, init: RequestInit = {}) => {
        const answer = await fetch(address, init)
        await answer.body?.cancel()
        return answer.status
      }
      const whole = await fetch(url)
      expect(whole.status).toBe(200)
      expect(new Uint8Array(await whole.arrayBuffer())).toEqual(body)
      const ranged = await fetch(url, { headers: { Range: 'bytes=1-' } })
      expect(ranged.status).toBe(206)
      expect(new Uint8Array(await ranged.arrayBuffer())).toEqual(body.subarray(1))
      const forHead = presign('HEAD', path, Date.now(), 60)
      const head200 = await fetch(forHead, { method: 'HEAD' })
      expect([head200.status, head200.headers.get('content-length')]).toEqual([
        200,
        String(body.length),
      ])

      expect(await status(url, { method: 'HEAD' })).toBe(403)
      expect(await status(forHead)).toBe(403)
      expect(await status(url.replace(path, 'containers/images/other'))).toBe(403)
      expect(await status(url.replace('Expires=60', 'Expires=600'))).toBe(403)
      expect(await status(presign('GET', path, Date.now() - 120_000, 60))).toBe(403)
      const others = { ...keys, secretAccessKey: `${keys.secretAccessKey}x` }
      const forged = createPresigner({ url: `${endpoint}/${bucket}`, region }, others)
      expect(await status(forged('GET', path, Date.now(), 60))).toBe(403)
    })

    test('nobody reads before everyone is let in; then everyone does, also ranges', async () => {
      const { publicRead } = store
      const url = publicRead.urlOf(bucket, digestKey)
      expect([401, 403]).toContain((await fetch(url)).status)
      if (publicRead.kind === 'acl') {
        await client.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' }))
      } else {
        const Policy = publicReadPolicy(bucket, 'containers/images/')
        await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
      }
      for (const each of [url, url.replace('sha256:', 'sha256%3A')]) {
        const answer = await fetch(each)
        expect(answer.status).toBe(200)
        expect(new Uint8Array(await answer.arrayBuffer())).toEqual(body)
      }
      const head200 = await fetch(url, { method: 'HEAD' })
      expect(head200.headers.get('content-length')).toBe(String(body.length))
      const ranged = await fetch(url, { headers: { Range: 'bytes=0-9' } })
      expect(ranged.status).toBe(206)
      expect(new Uint8Array(await ranged.arrayBuffer())).toEqual(body.subarray(0, 10))
    })

    test('a policy lets everyone in to its prefix alone, and they list nothing; an ACL to everything', async () => {
      const { kind, urlOf } = store.publicRead
      await put({ Key: 'private', Body: 'x' })
      const status = async (key: string) => (await fetch(urlOf(bucket, key))).status
      expect(await status('private')).toBe(kind === 'policy' ? 403 : 200)
      // S3 says 403, not 404, to whoever may not list the bucket.
      expect(await status('containers/images/missing')).toBe(kind === 'policy' ? 403 : 404)
      expect(await status('?list-type=2')).toBe(kind === 'policy' ? 403 : 200)
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

    async function text(Key: string): Promise<string> {
      return new TextDecoder().decode(await read(Key))
    }

    async function begin(object: { readonly Bucket: string; readonly Key: string }) {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
      return { ...object, UploadId }
    }

    async function sendPart(
      upload: Awaited<ReturnType<typeof begin>>,
      PartNumber: number,
      Body: string,
    ): Promise<string | undefined> {
      const command = new UploadPartCommand({ ...upload, PartNumber, Body })
      return (await client.send(command)).ETag
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
export function clientOf(
  store: Pick<StoreUnderTest, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
): S3Client {
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

function publicReadPolicy(bucket: string, prefix: string): string {
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

/** An entity tag as all stores take it on a write: Ceph RGW 16 minds the quotes. */
function bare(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '')
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64')
}
