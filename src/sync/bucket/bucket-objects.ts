import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Bucket, Versioned } from './bucket.ts'
import type { Conditions } from './bucket-conditions.ts'
import { isConditionUnknown } from './bucket-conditions.ts'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'

/** What a bucket does with small objects, by their keys. */
export function objectMethods(
  session: BucketSession,
  conditions: Conditions,
): Pick<Bucket, 'get' | 'getVersioned' | 'put' | 'remove'> {
  const { client, Bucket, ask } = session
  return {
    get: async (key) => (await read(key))?.bytes,
    getVersioned: read,

    async put(key, bytes, { contentType, cacheControl, onlyIfAbsent = false, ifMatch }) {
      const input = {
        Bucket,
        Key: key,
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: contentType,
        CacheControl: cacheControl,
      }
      const send = (condition: object) =>
        ask(`PUT ${key}`, (abortSignal) =>
          client.send(new PutObjectCommand({ ...input, ...condition }), { abortSignal }),
        )
      if (onlyIfAbsent) {
        await noting('If-None-Match', () => send({ IfNoneMatch: '*' }))
        return
      }
      if (ifMatch !== undefined && conditions.isKnown('If-Match') !== false) {
        try {
          await noting('If-Match', () => send({ IfMatch: bare(ifMatch) }))
          return
        } catch (error) {
          if (!isConditionUnknown(error)) throw error
        }
      }
      await send({})
    },

    async remove(key) {
      await ask(`DELETE ${key}`, (abortSignal) =>
        client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal }),
      )
    },
  }

  async function read(key: string): Promise<Versioned | undefined> {
    try {
      return await ask(`GET ${key}`, async (abortSignal) => {
        const command = new GetObjectCommand({ Bucket, Key: key })
        const { Body, ETag } = await client.send(command, { abortSignal })
        return { bytes: await Body!.transformToByteArray(), etag: ETag ?? '' }
      })
    } catch (error) {
      if (error instanceof BucketError && error.status === 404 && error.code === 'NoSuchKey') {
        return undefined
      }
      throw error
    }
  }

  /** Remembers whether the store knows the condition of a write. */
  async function noting(
    condition: 'If-None-Match' | 'If-Match',
    write: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await write()
      conditions.note(condition, true)
    } catch (error) {
      if (isConditionUnknown(error)) conditions.note(condition, false)
      else if ((error as BucketError).status === 412) conditions.note(condition, true)
      throw error
    }
  }
}

/** Ceph RGW 16 takes an entity tag for another when it is in its quotes; S3 takes either. */
function bare(etag: string): string {
  return etag.replaceAll('"', '')
}
