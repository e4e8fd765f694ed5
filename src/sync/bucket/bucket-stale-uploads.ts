import type { Bucket } from './bucket.ts'
import type { RunIdentity } from './run-lease.ts'
import { leaseEveryMs, leasePrefix } from './run-lease.ts'

/** Who asks, and what it can see of its own host. */
export type StaleUploadDeps = {
  readonly self: RunIdentity
  readonly isAlive: (pid: number) => boolean
}

const freshMs = 4 * leaseEveryMs
const longestUploadMs = 24 * 3_600_000

type StaleBucket = Pick<Bucket, 'listUploads' | 'abortUpload' | 'listAges' | 'get' | 'remove'>

/**
 * Takes away the uploads that a killed run has left, and returns how many. To be called before this
 * run begins one of its own. While a lease of another run is fresh, and where no run has left a
 * lease, it takes only those of more than a day: a bucket may have another writer. With no upload
 * pending it is one request. Throws BucketError.
 */
export async function clearStaleUploads(
  bucket: StaleBucket,
  deps: StaleUploadDeps,
): Promise<number> {
  // In this order: whoever has an upload has had a lease before.
  const uploads = await bucket.listUploads()
  if (uploads.length === 0) return 0
  const leases = await Promise.all(
    [...(await bucket.listAges(leasePrefix))].map(async ([key, ageMs]) => ({
      key,
      isLive: await isLive(bucket, key, ageMs, deps),
    })),
  )
  const dead = leases.filter((lease) => !lease.isLive)
  const isNobodys = dead.length > 0 && dead.length === leases.length
  const stale = uploads.filter(({ ageMs }) => isNobodys || ageMs > longestUploadMs)
  for (const upload of stale) await bucket.abortUpload(upload)
  // Last: as long as one is there, the next run knows whose the uploads were.
  if (isNobodys) for (const { key } of dead) await bucket.remove(key)
  return stale.length
}

async function isLive(
  bucket: StaleBucket,
  key: string,
  ageMs: number,
  { self, isAlive }: StaleUploadDeps,
): Promise<boolean> {
  if (ageMs > freshMs) return false
  const text = await bucket.get(key)
  // It ended while we were looking. Its uploads are done, but perhaps not those of others.
  if (text === undefined) return true
  const { host, pid } = parseLease(text)
  return host !== self.host || pid === undefined || isAlive(pid)
}

function parseLease(bytes: Uint8Array): Partial<RunIdentity> {
  try {
    const { host, pid } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    return {
      ...(typeof host === 'string' ? { host } : {}),
      ...(typeof pid === 'number' ? { pid } : {}),
    }
  } catch {
    return {}
  }
}
