import type { Readable } from 'node:stream'
import type { CompletedPart } from '@aws-sdk/client-s3'
import { UploadPartCommand } from '@aws-sdk/client-s3'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'
import { collectGarbage } from './multipart-garbage.ts'
import { digestOf } from '../content-digest.ts'
import type { MultipartTarget, OpenUpload } from './multipart.ts'
import { keepsPartChecksums, trySending, uploadInParts } from './multipart.ts'
import { createPartSender } from './multipart-sender.ts'
import { partSizeOf, partsAtOnce } from './multipart-settings.ts'
import { checksumOf, signDigest, signingStep } from './put-command.ts'
import { blobDeadlineMs } from '../upstream/upstream.ts'

/**
 * Writes an object from a stream, in parts that wait in memory until they were sent: a few tens of
 * megabytes, whatever the size of the whole. A body that fails leaves nothing, and its error is
 * thrown as it is.
 */
export function uploadStream(
  session: BucketSession,
  target: MultipartTarget,
  body: Readable,
): Promise<'stored' | 'there'> {
  const { sizeBytes } = target
  return uploadInParts(session, target, async (upload) => {
    const partBytes = partSizeOf(sizeBytes, session.multipart.partBytes)
    const free: Buffer[] = []
    const sender = createPartSender<Part>({
      atOnce: partsAtOnce(partBytes, session.multipart),
      async send({ buffer, length }, PartNumber, stop) {
        const sent = await sendPart(session, { ...upload, PartNumber }, buffer, length, stop)
        free.push(buffer)
        return sent
      },
      // Without an error, which would be taken for one of the source.
      onFailure: () => body.destroy(),
    })
    try {
      const filled = await cutUp(body, partBytes, {
        take: () => free.pop() ?? Buffer.allocUnsafeSlow(partBytes),
        give: (part) => sender.start(part),
      })
      if (filled !== sizeBytes) throw new Error(`wanted ${sizeBytes} bytes, got ${filled}`)
      return await sender.finish()
    } catch (error) {
      await sender.cancel()
      // That of a part, where it was a part that ended the body.
      await sender.finish()
      throw error
    }
  })
}

/** A buffer that is filled so far. */
type Part = { readonly buffer: Buffer; readonly length: number }

/** Copies a stream into buffers of one size. Returns how many bytes there were. */
async function cutUp(
  body: Readable,
  partBytes: number,
  { take, give }: { readonly take: () => Buffer; readonly give: (part: Part) => Promise<void> },
): Promise<number> {
  let total = 0
  let buffer = take()
  let length = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    total += chunk.length
    for (let from = 0; from < chunk.length;) {
      const count = Math.min(chunk.length - from, partBytes - length)
      buffer.set(chunk.subarray(from, from + count), length)
      from += count
      length += count
      if (length < partBytes) continue
      await give({ buffer, length })
      collectGarbage()
      buffer = take()
      length = 0
    }
  }
  if (length > 0) await give({ buffer, length })
  return total
}

async function sendPart(
  session: BucketSession,
  upload: OpenUpload & { readonly PartNumber: number },
  buffer: Buffer,
  length: number,
  stop: AbortSignal,
): Promise<CompletedPart> {
  const { client, ask } = session
  const { PartNumber } = upload
  const Body = buffer.subarray(0, length)
  const digest = digestOf(Body)
  const ChecksumSHA256 = checksumOf(digest)
  const checksum = keepsPartChecksums(session) ? { ChecksumSHA256 } : {}
  const what = `PUT ${upload.Key}?partNumber=${PartNumber}`
  const limits = {
    deadlineMs: blobDeadlineMs(length),
    stop: AbortSignal.any([stop, session.stop]),
  }
  return trySending(session, limits.stop, async () => {
    const part = { ...upload, Body, ContentLength: length, ...checksum }
    const command = new UploadPartCommand(part)
    command.middlewareStack.add(signDigest(digest), signingStep)
    const call = (abortSignal: AbortSignal) => client.send(command, { abortSignal })
    const { ETag } = await ask(what, call, limits)
    if (ETag === undefined) throw new BucketError(what, { name: 'a part without an entity tag' })
    return { PartNumber, ETag, ...checksum }
  })
}
