import type { CompletedPart } from '@aws-sdk/client-s3'
import { UploadPartCopyCommand } from '@aws-sdk/client-s3'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'
import type { MultipartTarget, OpenUpload } from './multipart.ts'
import { keepsPartChecksums, trySending, uploadInParts } from './multipart.ts'
import { createPartSender } from './multipart-sender.ts'
import { partSizeOf } from './multipart-settings.ts'

/** Copies an object that is too large for one copy, range by range inside the store. */
export function copyInParts(
  session: BucketSession,
  target: MultipartTarget,
  CopySource: string,
): Promise<'stored' | 'there'> {
  const { sizeBytes } = target
  const { copyPartBytes, copiesAtOnce } = session.multipart
  return uploadInParts(session, target, async (upload) => {
    const sender = createPartSender<ByteSpan>({
      atOnce: copiesAtOnce,
      send: (span, PartNumber, stop) =>
        copyPart(session, { ...upload, PartNumber, CopySource }, span, stop),
    })
    const partBytes = partSizeOf(sizeBytes, copyPartBytes)
    try {
      for (let first = 0; first < sizeBytes; first += partBytes) {
        await sender.start({ first, last: Math.min(first + partBytes, sizeBytes) - 1 })
      }
      return await sender.finish()
    } catch (error) {
      await sender.cancel()
      throw error
    }
  })
}

/** Both are inclusive. */
type ByteSpan = { readonly first: number; readonly last: number }

async function copyPart(
  session: BucketSession,
  part: OpenUpload & { readonly PartNumber: number; readonly CopySource: string },
  { first, last }: ByteSpan,
  stop: AbortSignal,
): Promise<CompletedPart> {
  const { client, ask } = session
  const { PartNumber } = part
  const what = `COPY ${part.Key}?partNumber=${PartNumber}`
  const limits = { deadlineMs: 600_000, stop: AbortSignal.any([stop, session.stop]) }
  const CopySourceRange = `bytes=${first}-${last}`
  return trySending(session, limits.stop, async () => {
    const command = new UploadPartCopyCommand({ ...part, CopySourceRange })
    const call = (abortSignal: AbortSignal) => client.send(command, { abortSignal })
    const { CopyPartResult: copied } = await ask(what, call, limits)
    const { ETag, ChecksumSHA256 } = copied ?? {}
    if (ETag === undefined) throw new BucketError(what, { name: 'a part without an entity tag' })
    return { PartNumber, ETag, ...(keepsPartChecksums(session) ? { ChecksumSHA256 } : {}) }
  })
}
