import type { ListMultipartUploadsCommandInput } from '@aws-sdk/client-s3'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'

/** A multipart upload that is neither complete nor aborted. */
export type PendingUpload = {
  readonly key: string
  readonly uploadId: string
  /** Since it was begun, by the store's own clock, in milliseconds. */
  readonly ageMs: number
}

/** Every upload of a blob that is pending; none where the store knows no uploads. */
export async function listUploads(session: BucketSession): Promise<readonly PendingUpload[]> {
  const { client, mirror, Bucket, ask, clockMs } = session
  const { prefix } = mirror.keys
  const uploads: PendingUpload[] = []
  let request: ListMultipartUploadsCommandInput | undefined = { Bucket, Prefix: prefix }
  while (request !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand(request)
    try {
      const page = await ask(`LIST ${prefix}?uploads`, (abortSignal) =>
        client.send(command, { abortSignal }),
      )
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined) continue
        const ageMs = Initiated === undefined ? 0 : clockMs() - Initiated.getTime()
        uploads.push({ key: Key, uploadId: UploadId, ageMs })
      }
      const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
      request =
        IsTruncated === true && NextKeyMarker !== undefined
          ? {
              Bucket,
              Prefix: prefix,
              KeyMarker: NextKeyMarker,
              UploadIdMarker: NextUploadIdMarker,
            }
          : undefined
    } catch (error) {
      if (error instanceof BucketError && error.status === 501) return []
      throw error
    }
  }
  return uploads
}
