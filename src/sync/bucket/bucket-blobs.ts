import type { Readable } from 'node:stream'
import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Digest } from '../../core/digest.ts'
import type { Bucket } from './bucket.ts'
import type { Conditions } from './bucket-conditions.ts'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'
import { startDeadline } from '../deadline.ts'
import { copyInParts } from './multipart-copy.ts'
import { uploadStream } from './multipart-stream.ts'
import { blobHeaders, checksumOf, drained, putBlobCommand } from './put-command.ts'
import type { RunLease } from './run-lease.ts'
import { blobDeadlineMs } from '../upstream/upstream.ts'

type BlobMethods = Pick<Bucket, 'putBlob' | 'copyBlob' | 'openBlob' | 'headBlob' | 'vouchesFor'>

/** What a bucket does with blobs. */
export function blobMethods(
  session: BucketSession,
  conditions: Conditions,
  lease: RunLease,
): BlobMethods {
  const { client, mirror, Bucket, ask, multipart } = session
  const methods: BlobMethods = {
    async putBlob(digest, sizeBytes, body, { overwrite = false, contentType } = {}) {
      const Key = mirror.keys.keyOf(digest)
      // The SDK pipes a stream without looking: where it fails, nobody would tell the store, and
      // the call would hang.
      const failed = new AbortController()
      body.once('error', (error) => failed.abort(error))
      try {
        const once = !overwrite && (await conditions.areWritesOnce())
        if (sizeBytes > multipart.largestPutBytes) {
          await lease.hold()
          return await uploadStream(
            session,
            { Key, sizeBytes, overwrite: !once, contentType },
            body,
          )
        }
        return await putWhole({ Key, digest, sizeBytes, once, contentType }, body, failed)
      } catch (error) {
        // What was wrong with the bytes says more than that the request was given up.
        throw failed.signal.aborted ? failed.signal.reason : error
      } finally {
        body.destroy()
      }
    },

    async copyBlob(digest, sizeBytes, from, { contentType } = {}) {
      const Key = mirror.keys.keyOf(digest)
      const source = `${from.mirror.store.bucket}/${from.mirror.keys.keyOf(digest)}`
      const CopySource = source.split('/').map(encodeURIComponent).join('/')
      if (sizeBytes > multipart.largestPutBytes) {
        await lease.hold()
        await copyInParts(session, { Key, sizeBytes, overwrite: true, contentType }, CopySource)
        return
      }
      const command = new CopyObjectCommand({
        Bucket,
        Key,
        CopySource,
        // Not what the source says of itself: a Content-Encoding there would break every pull.
        MetadataDirective: 'REPLACE',
        ...blobHeaders(contentType),
      })
      await ask(
        `COPY ${Key} from ${from.mirror.id}`,
        (abortSignal) => client.send(command, { abortSignal }),
        { deadlineMs: 600_000 },
      )
    },

    async openBlob(digest, sizeBytes, range) {
      const Key = mirror.keys.keyOf(digest)
      const wanted = range === undefined ? undefined : `bytes=${range.first}-${range.last}`
      const lengthBytes = range === undefined ? sizeBytes : range.last + 1 - range.first
      const { signal, end } = startDeadline(blobDeadlineMs(lengthBytes), session.stop)
      try {
        const command = new GetObjectCommand({ Bucket, Key, Range: wanted })
        const { Body, ContentRange } = await client.send(command, { abortSignal: signal })
        // It holds for the body too.
        const body = (Body as Readable).once('close', end)
        if (
          range === undefined ||
          ContentRange?.startsWith(`bytes ${range.first}-${range.last}/`)
        ) {
          return body
        }
        body.destroy()
        throw { name: `wanted ${wanted}, got ${ContentRange ?? 'all of it'}` }
      } catch (error) {
        end()
        throw new BucketError(`GET ${Key}`, error)
      }
    },

    async headBlob(digest) {
      const Key = mirror.keys.keyOf(digest)
      const command = new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })
      try {
        const { ContentLength, ChecksumSHA256 } = await ask(`HEAD ${Key}`, (abortSignal) =>
          client.send(command, { abortSignal }),
        )
        // That of an object in parts is one over theirs, and ends in their number.
        const isVouchedFor = ChecksumSHA256 === checksumOf(digest)
        return { sizeBytes: ContentLength ?? 0, isVouchedFor }
      } catch (error) {
        if (error instanceof BucketError && error.status === 404) return undefined
        throw error
      }
    },

    vouchesFor: async (digest) => (await methods.headBlob(digest))?.isVouchedFor === true,
  }
  return methods

  async function putWhole(
    blob: {
      readonly Key: string
      readonly digest: Digest
      readonly sizeBytes: number
      readonly once: boolean
      readonly contentType: string | undefined
    },
    body: Readable,
    failed: AbortController,
  ): Promise<'stored' | 'there'> {
    const { Key, digest, sizeBytes, once, contentType } = blob
    const Body = sizeBytes === 0 ? await drained(body) : body
    const input = { Bucket, Key, Body, ContentLength: sizeBytes, ...blobHeaders(contentType) }
    const command = putBlobCommand(once ? { ...input, IfNoneMatch: '*' } : input, digest)
    const ended = new AbortController()
    try {
      await ask(
        `PUT ${Key}`,
        (signal) =>
          client.send(command, {
            abortSignal: AbortSignal.any([signal, failed.signal, ended.signal]),
          }),
        { deadlineMs: blobDeadlineMs(sizeBytes) },
      )
      return 'stored'
    } catch (error) {
      // An answer that came before the end of the body leaves a request that would wait for it.
      ended.abort()
      if (once && error instanceof BucketError && error.status === 412) return 'there'
      throw error
    }
  }
}
