import type { S3Client } from '@aws-sdk/client-s3'
import type { ConfiguredMirror } from '../../config.ts'
import { createBucketClient } from './bucket-client.ts'
import type { Environment } from './bucket-client.ts'
import { BucketError } from './bucket-error.ts'
import { startDeadline } from '../deadline.ts'
import type { MultipartSettings } from './multipart-settings.ts'
import { usualMultipart } from './multipart-settings.ts'

/** What a bucket is opened with. */
export type SessionDeps = {
  /** Where the mirror's credentials are. */
  readonly env: Environment
  readonly stop: AbortSignal
  /** How what is too large for one request goes in parts; what is left out is as usual. */
  readonly multipart?: Partial<MultipartSettings>
}

/** One bucket and the way to it, which all that is done with the bucket shares. */
export type BucketSession = {
  readonly client: S3Client
  readonly mirror: ConfiguredMirror
  /** The bucket's name, as the SDK's requests have it. */
  readonly Bucket: string
  readonly stop: AbortSignal
  readonly multipart: MultipartSettings
  /** Makes a call of the SDK within a deadline. Throws BucketError. */
  readonly ask: <T>(
    what: string,
    call: (abortSignal: AbortSignal) => Promise<T>,
    limits?: AskLimits,
  ) => Promise<T>
  /** The store's own time in milliseconds since 1970, as its last answer had it. */
  readonly clockMs: () => number
}

export type AskLimits = {
  /** 60,000 unless told otherwise. */
  readonly deadlineMs?: number
  /** What else ends the call, in the place of the stop of the whole run. */
  readonly stop?: AbortSignal
}

const smallDeadlineMs = 60_000

/** Starts a session; nothing is asked yet. Throws where the environment lacks its credentials. */
export function startSession(mirror: ConfiguredMirror, deps: SessionDeps): BucketSession {
  const client = createBucketClient(mirror.store, deps.env)
  return {
    client,
    mirror,
    Bucket: mirror.store.bucket,
    stop: deps.stop,
    multipart: { ...usualMultipart, ...deps.multipart },
    clockMs: watchClock(client),
    async ask(what, call, { deadlineMs = smallDeadlineMs, stop = deps.stop } = {}) {
      const { signal, end } = startDeadline(deadlineMs, stop)
      try {
        return await call(signal)
      } catch (error) {
        throw new BucketError(what, error)
      } finally {
        end()
      }
    },
  }
}

/** Reads the Date of every answer: what a store says of when is by its clock, not by ours. */
function watchClock(client: S3Client): () => number {
  let aheadMs = 0
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> }
      const dateMs = Date.parse(headers?.['date'] ?? '')
      if (!Number.isNaN(dateMs)) aheadMs = dateMs - Date.now()
      return result
    },
    { step: 'deserialize', name: 'watchClock' },
  )
  return () => Date.now() + aheadMs
}
