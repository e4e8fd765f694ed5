import type { Digest } from '../core/digest.ts'
import { parseDigest } from '../core/digest.ts'
import type { Bucket } from './bucket/bucket.ts'

/** Where a bucket says which of its blobs are to be deleted, and since when. */
export const condemnedKey = 'nearport/condemned.json'

/**
 * Blobs that nobody wants any more, and since when (ms since 1970): they are in no index from then
 * on, and are deleted when no index that has them can be in use.
 */
export type Condemned = ReadonlyMap<Digest, number>

/** Reads what a bucket has condemned. Throws BucketError, and Error for a file that is none. */
export async function readCondemned(bucket: Bucket): Promise<Condemned> {
  const bytes = await bucket.get(condemnedKey)
  if (bytes === undefined) return new Map()
  const text = new TextDecoder().decode(bytes)
  const blobs = parseBlobs(text)
  if (blobs === undefined) {
    throw new Error(
      `wanted {"nearport":1,"blobs":{…}} in ${condemnedKey}, got ${text.slice(0, 100)}`,
    )
  }
  return blobs
}

/** Writes what a bucket has condemned; nothing is no file. Throws BucketError. */
export async function writeCondemned(bucket: Bucket, condemned: Condemned): Promise<void> {
  if (condemned.size === 0) return bucket.remove(condemnedKey)
  const blobs = Object.fromEntries(
    [...condemned].map(([digest, sinceMs]) => [digest, new Date(sinceMs).toISOString()]),
  )
  const bytes = new TextEncoder().encode(
    `${JSON.stringify({ nearport: 1, blobs }, undefined, 1)}\n`,
  )
  await bucket.put(condemnedKey, bytes, {
    contentType: 'application/json',
    cacheControl: 'no-cache',
  })
}

function parseBlobs(text: string): Condemned | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const { nearport, blobs } = Object(json) as {
    readonly nearport?: unknown
    readonly blobs?: unknown
  }
  if (nearport !== 1 || typeof blobs !== 'object' || blobs === null) return undefined
  const read = new Map<Digest, number>()
  for (const [key, since] of Object.entries(blobs)) {
    const digest = parseDigest(key)
    const sinceMs = typeof since === 'string' ? Date.parse(since) : Number.NaN
    if (digest === undefined || Number.isNaN(sinceMs)) return undefined
    read.set(digest, sinceMs)
  }
  return read
}
