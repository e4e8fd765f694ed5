import type { Bucket } from './bucket/bucket.ts'
import { BucketError } from './bucket/bucket-error.ts'

/** Where a bucket says whose mirror it is: no run writes to a bucket that is another's. */
export const markerKey = 'nearport/mirror.json'

/**
 * Whose a bucket is. `empty` and `unclaimed` (objects, and no marker) have none; `foreign` says why
 * it is not ours.
 */
export type Ownership =
  | { readonly kind: 'ours' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unclaimed' }
  | { readonly kind: 'foreign'; readonly why: string }

/** Looks whose bucket it is. Throws BucketError. */
export async function readOwnership(bucket: Bucket): Promise<Ownership> {
  const marked = await readMarker(bucket)
  if (marked !== undefined) return marked
  const keys = await bucket.listKeys('', 1)
  if (keys.size === 0) return { kind: 'empty' }
  // What is listed may be the marker itself, which another run wrote since it was asked for.
  return (await readMarker(bucket)) ?? { kind: 'unclaimed' }
}

/**
 * Makes a bucket this mirror's, and returns whose it is then: of two who claim at once, one wins.
 * Throws BucketError.
 */
export async function claim(bucket: Bucket, nowMs: number): Promise<Ownership> {
  const { id } = bucket.mirror
  const marker = { nearport: 1, mirror: id, claimedAt: new Date(nowMs).toISOString() }
  const bytes = new TextEncoder().encode(`${JSON.stringify(marker)}\n`)
  const how = { contentType: 'application/json', cacheControl: 'no-cache' }
  try {
    await bucket.put(markerKey, bytes, { ...how, onlyIfAbsent: true })
  } catch (error) {
    if (!(error instanceof BucketError)) throw error
    // Some stores have no conditional PUT; where one answers 412 or 409, another was first.
    if (error.status === 501) await bucket.put(markerKey, bytes, how)
    else if (error.status !== 412 && error.status !== 409) throw error
  }
  return readOwnership(bucket)
}

async function readMarker(bucket: Bucket): Promise<Ownership | undefined> {
  const marker = await bucket.get(markerKey)
  return marker && judge(new TextDecoder().decode(marker), bucket.mirror.id)
}

function judge(text: string, id: string): Ownership {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // Said below.
  }
  const { nearport, mirror } = (json ?? {}) as {
    readonly nearport?: unknown
    readonly mirror?: unknown
  }
  if (nearport !== 1 || typeof mirror !== 'string') {
    const why = `wanted {"nearport":1,"mirror":"${id}"} in ${markerKey}, got ${JSON.stringify(text.slice(0, 100))}`
    return { kind: 'foreign', why }
  }
  if (mirror === id) return { kind: 'ours' }
  return {
    kind: 'foreign',
    why: `wanted the bucket of ${id}, got that of ${mirror} by its ${markerKey}`,
  }
}
