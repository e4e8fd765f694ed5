import type { ConfiguredMirror } from '../config.ts'
import type { Listing } from '../core/plan.ts'
import type { Bucket } from './bucket/bucket.ts'
import { openBucket } from './bucket/bucket.ts'
import type { Environment } from './bucket/bucket-client.ts'
import { BucketError } from './bucket/bucket-error.ts'
import { clearStaleUploads } from './bucket/bucket-stale-uploads.ts'
import { claim, readOwnership } from './marker.ts'
import type { Recorder } from './recorder.ts'
import type { RunIdentity } from './bucket/run-lease.ts'
import { isProcessAlive } from './bucket/run-lease.ts'

/**
 * A mirror that this run may write to, and what it lists; or why not, which the recorder has been
 * told.
 */
export type OpenedMirror =
  | OpenMirror
  | { readonly kind: 'refused' | 'unreachable'; readonly id: string }

export type OpenMirror = {
  readonly kind: 'open'
  readonly id: string
  readonly bucket: Bucket
  readonly listing: Listing
}

export type OpenDeps = {
  readonly env: Environment
  readonly recorder: Recorder
  readonly now: () => number
  readonly stop: AbortSignal
  /** Who this run is, for other runs to see. */
  readonly run: RunIdentity
  /** The mirror whose bucket is to be claimed although there are objects in it. */
  readonly claim: string | undefined
  /** Whether nothing is to be written. */
  readonly dryRun: boolean
}

/** Opens every mirror: whose bucket it is, claiming it where it is empty, and what it lists. */
export async function openMirrors(
  mirrors: readonly ConfiguredMirror[],
  deps: OpenDeps,
): Promise<readonly OpenedMirror[]> {
  return Promise.all(mirrors.map((mirror) => openMirror(mirror, deps)))
}

/** Asks a bucket for its blobs again, and tells the recorder. Throws BucketError. */
export async function listMirror(bucket: Bucket, recorder: Recorder): Promise<Listing> {
  const listing = await bucket.listBlobs()
  let bytes = 0
  for (const size of listing.values()) bytes += size
  recorder.step({ step: 'listed', mirror: bucket.mirror.id, blobs: listing.size, bytes })
  return listing
}

async function openMirror(mirror: ConfiguredMirror, deps: OpenDeps): Promise<OpenedMirror> {
  const { id } = mirror
  try {
    const bucket = openBucket(mirror, deps)
    const refusal = await own(bucket, deps)
    if (refusal !== undefined) {
      deps.recorder.problem(id, refusal)
      return { kind: 'refused', id }
    }
    const [listing] = await Promise.all([
      listMirror(bucket, deps.recorder),
      deps.dryRun ? undefined : clearUploads(bucket, deps),
    ])
    return { kind: 'open', id, bucket, listing }
  } catch (error) {
    deps.recorder.problem(id, error)
    return { kind: 'unreachable', id }
  }
}

/** Takes away what a killed run left half-sent: until then it is paid for. */
async function clearUploads(bucket: Bucket, { run, recorder }: OpenDeps): Promise<void> {
  const { id } = bucket.mirror
  try {
    const uploads = await clearStaleUploads(bucket, { self: run, isAlive: isProcessAlive })
    if (uploads > 0) recorder.step({ step: 'cleared', mirror: id, uploads })
  } catch (error) {
    // A store that cannot list them; the bucket's lifecycle is left to take them away.
    if (error instanceof BucketError && (error.status === 501 || error.status === 405)) return
    recorder.problem(`uploads left behind in ${id}`, error)
  }
}

/** Why the bucket may not be written to, or undefined where it is ours: before, or from now on. */
async function own(bucket: Bucket, deps: OpenDeps): Promise<string | undefined> {
  const { id, store } = bucket.mirror
  const before = await readOwnership(bucket)
  if (before.kind === 'ours') return undefined
  if (before.kind === 'foreign') return before.why
  if (before.kind === 'unclaimed' && deps.claim !== id) {
    return `the bucket ${store.bucket} holds objects and no nearport/mirror.json: if it is this mirror's, say --claim ${id}`
  }
  if (deps.dryRun) return undefined

  const after = await claim(bucket, deps.now())
  if (after.kind === 'foreign') return after.why
  if (after.kind !== 'ours')
    return `wanted the marker in the bucket ${store.bucket}, got none after writing it`
  deps.recorder.step({ step: 'claimed', mirror: id })
  return undefined
}
