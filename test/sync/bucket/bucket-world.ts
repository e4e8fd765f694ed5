import { Readable } from 'node:stream'
import { parseConfig } from '../../../src/config.ts'
import type { Store, StoreOptions } from '../../../src/embedded/store.ts'
import { createStore } from '../../../src/embedded/store.ts'
import type { Bucket, BucketDeps } from '../../../src/sync/bucket/bucket.ts'
import { openBucket } from '../../../src/sync/bucket/bucket.ts'
import { credentials, env, mirrorOf, serve } from '../world.ts'

export const name = 'mirror-us-east-1'
export const stop = new AbortController().signal

/** Sizes at which a test sees parts without megabytes. */
export const smallParts = {
  largestPutBytes: 10_000,
  partBytes: 4000,
  copyPartBytes: 5000,
  firstPauseMs: 1,
}

/** One mirror's bucket in a store of its own, which ends with the test. */
export async function createBucket(
  options: Partial<StoreOptions> = {},
  deps: Partial<BucketDeps> = {},
): Promise<{ readonly store: Store; readonly url: string; readonly bucket: Bucket }> {
  const store = createStore({ ...credentials, minimumPartBytes: 1000, ...options })
  store.createBucket(name, { region: 'us-east-1' })
  const url = await serve(store)
  return { store, url, bucket: openMirror(mirrorOf('us-east-1', url), deps) }
}

/** Opens the bucket of a mirror as configured. */
export function openMirror(
  mirror: Record<string, unknown>,
  deps: Partial<BucketDeps> = {},
): Bucket {
  const upstreams = [{ registry: 'http://registry.example' }]
  const config = parseConfig({ upstreams, mirrors: [mirror] }, 'the test')
  return openBucket(config.mirrors[0]!, { env, stop, ...deps })
}

export function streamOf(content: Buffer): Readable {
  return Readable.from([content], { objectMode: false })
}
