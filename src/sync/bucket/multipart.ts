import { setTimeout as sleep } from 'node:timers/promises'
import type { CompletedPart } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
} from '@aws-sdk/client-s3'
import { isConditionUnknown } from './bucket-conditions.ts'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'
import { blobHeaders } from './put-command.ts'

/** An object that is made of parts. */
export type MultipartTarget = {
  readonly Key: string
  readonly sizeBytes: number
  /** Whether it may be written over what is there. Where not, the store is asked to see to it. */
  readonly overwrite: boolean
  /** The media type of a manifest. */
  readonly contentType?: string | undefined
}

/** An upload under way, as the SDK's requests name it. */
export type OpenUpload = {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

/**
 * Makes an object of parts: it appears whole when all of them were sent, or not at all. `there`: it
 * was there before. What `sendParts` throws is thrown again, and what it sent is taken away; else
 * throws BucketError.
 */
export async function uploadInParts(
  session: BucketSession,
  target: MultipartTarget,
  sendParts: (upload: OpenUpload) => Promise<readonly CompletedPart[]>,
): Promise<'stored' | 'there'> {
  const { overwrite } = target
  const before = overwrite ? await versionOf(session, target.Key) : undefined
  const upload = await begin(session, target)
  let outcome: 'stored' | 'there' | 'surely stored' | undefined
  try {
    outcome = await complete(session, upload, await sendParts(upload), { ...target, before })
    return outcome === 'there' ? 'there' : 'stored'
  } finally {
    // Where the answer to completing it was lost, nobody knows whether there is something to abort.
    if (outcome !== 'surely stored') await abandon(session, upload)
  }
}

/**
 * Takes an upload and its parts away; one that is gone already is no failure. Throws BucketError.
 */
export async function abortUpload(session: BucketSession, upload: OpenUpload): Promise<void> {
  const { client, ask } = session
  try {
    await ask(
      `DELETE ${upload.Key}?uploadId`,
      (abortSignal) => client.send(new AbortMultipartUploadCommand(upload), { abortSignal }),
      // It is needed most after a stop.
      { deadlineMs: 15_000, stop: new AbortController().signal },
    )
  } catch (error) {
    if (!(error instanceof BucketError && error.status === 404)) throw error
  }
}

/** Sends one part, and again where that may help. Throws what the last try failed with. */
export async function trySending<T>(
  session: BucketSession,
  stop: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      const mayPass = error instanceof BucketError && error.retryable
      // To start over is for whoever has the whole.
      if (!mayPass || error.code === 'NoSuchUpload') throw error
      if (stop.aborted || attempt >= session.multipart.tries) throw error
      await pauseBefore(attempt, session)
    }
  }
}

/** A stop ends the wait. */
async function pauseBefore(tries: number, session: BucketSession): Promise<void> {
  const pauseMs = session.multipart.firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2)
  await sleep(pauseMs, undefined, { signal: session.stop }).catch(() => {})
}

/** Whether a store keeps, and wants, a SHA-256 of every part. Of those seen, only AWS's own does. */
export function keepsPartChecksums({ mirror }: BucketSession): boolean {
  return mirror.store.endpoint === undefined
}

async function begin(
  session: BucketSession,
  { Key, contentType }: MultipartTarget,
): Promise<OpenUpload> {
  const { client, Bucket, ask } = session
  const command = new CreateMultipartUploadCommand({
    Bucket,
    Key,
    ...blobHeaders(contentType),
    // Parts may have a checksum only where it was said at the start which one.
    ...(keepsPartChecksums(session) ? { ChecksumAlgorithm: 'SHA256' as const } : {}),
  })
  const what = `POST ${Key}?uploads`
  const { UploadId } = await ask(what, (abortSignal) => client.send(command, { abortSignal }))
  if (UploadId === undefined) throw new BucketError(what, { name: 'an upload without an id' })
  return { Bucket, Key, UploadId }
}

async function complete(
  session: BucketSession,
  upload: OpenUpload,
  parts: readonly CompletedPart[],
  target: MultipartTarget & { readonly before: Version | undefined },
): Promise<'stored' | 'there' | 'surely stored'> {
  const { client, ask, multipart } = session
  let isOnce = !target.overwrite
  for (let attempt = 1; ; attempt++) {
    const command = new CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts: [...parts] },
      ...(isOnce ? { IfNoneMatch: '*' } : {}),
    })
    try {
      await ask(
        `POST ${upload.Key}?uploadId`,
        (abortSignal) => client.send(command, { abortSignal }),
        { deadlineMs: 600_000 },
      )
      return 'surely stored'
    } catch (error) {
      if (!(error instanceof BucketError) || session.stop.aborted) throw error
      if (error.status === 412) return 'there'
      if (isOnce && isConditionUnknown(error)) {
        isOnce = false
        continue
      }
      // Written at the same time by another: only a new upload may be completed (S3 user guide,
      // "Conditional writes").
      if (error.status === 409) throw error
      if (!error.retryable) throw error
      // It may have been done all the same: the answer was late, or a later try finds no upload.
      if (await isComplete(session, target)) return 'stored'
      if (error.code === 'NoSuchUpload' || attempt >= multipart.tries) throw error
      await pauseBefore(attempt, session)
    }
  }
}

/** What tells an object from the one that was there before under its key. */
type Version = { readonly sizeBytes: number | undefined; readonly text: string }

async function isComplete(
  session: BucketSession,
  { Key, sizeBytes, before }: MultipartTarget & { readonly before: Version | undefined },
): Promise<boolean> {
  // Not to know is not to have it.
  const now = await versionOf(session, Key).catch(() => undefined)
  return now?.sizeBytes === sizeBytes && now.text !== before?.text
}

async function versionOf(session: BucketSession, Key: string): Promise<Version | undefined> {
  const { client, Bucket, ask } = session
  try {
    const { ContentLength, ETag, LastModified } = await ask(`HEAD ${Key}`, (abortSignal) =>
      client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal }),
    )
    return { sizeBytes: ContentLength, text: `${ETag} ${LastModified?.getTime()}` }
  } catch (error) {
    if (error instanceof BucketError && error.status === 404) return undefined
    throw error
  }
}

/** What is left of it is found by the next run. */
async function abandon(session: BucketSession, upload: OpenUpload): Promise<void> {
  await abortUpload(session, upload).catch(() => {})
}
