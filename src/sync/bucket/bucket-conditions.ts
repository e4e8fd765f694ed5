import { PutObjectCommand } from '@aws-sdk/client-s3'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'
import { immutable } from './put-command.ts'

/** What a store was seen to make of conditions on writes. */
export type Conditions = {
  /** Notes whether the store knows one. */
  readonly note: (condition: Condition, isKnown: boolean) => void
  /** Whether the store knows one; undefined where it was not asked yet. */
  readonly isKnown: (condition: Condition) => boolean | undefined
  /**
   * Whether the store keeps what is there where If-None-Match asks for it, which takes one request
   * where it was not seen yet. Throws BucketError.
   */
  readonly areWritesOnce: () => Promise<boolean>
}

export type Condition = 'If-None-Match' | 'If-Match'

/** Creates the memory of one bucket. */
export function createConditions(session: BucketSession): Conditions {
  const seen = new Map<Condition, boolean>()
  let asking: Promise<boolean> | undefined

  return {
    note: (condition, isKnown) => void seen.set(condition, isKnown),
    isKnown: (condition) => seen.get(condition),
    async areWritesOnce() {
      const known = seen.get('If-None-Match')
      if (known !== undefined) return known
      asking ??= tryWritingOnce(session).finally(() => (asking = undefined))
      const isKnown = await asking
      seen.set('If-None-Match', isKnown)
      return isKnown
    },
  }
}

/** Whether a store refused a request because it does not know the condition in it. */
export function isConditionUnknown(error: unknown): boolean {
  return error instanceof BucketError && (error.status === 501 || error.code === 'NotImplemented')
}

/** An object that is there for this question alone. It never changes. */
const key = 'nearport/write-once.txt'
const text = 'Nearport writes this with If-None-Match: *, to see what the store makes of it.\n'

/**
 * Asks before the first blob: the bytes of one that is refused would be gone, since a stream cannot
 * be sent twice.
 */
async function tryWritingOnce({ client, Bucket, ask }: BucketSession): Promise<boolean> {
  const Body = Buffer.from(text)
  const command = new PutObjectCommand({
    Bucket,
    Key: key,
    Body,
    ContentLength: Body.length,
    ContentType: 'text/plain; charset=utf-8',
    CacheControl: immutable,
    IfNoneMatch: '*',
  })
  try {
    await ask(`PUT ${key}`, (abortSignal) => client.send(command, { abortSignal }))
    return true
  } catch (error) {
    if (isConditionUnknown(error)) return false
    // It was there, or another run is writing it just now.
    if (error instanceof BucketError && (error.status === 412 || error.status === 409)) return true
    throw error
  }
}
