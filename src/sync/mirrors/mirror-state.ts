import type { BlobIndex } from '../../core/blob-index.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { Listing } from '../../core/plan.ts'
import { BucketError } from '../bucket/bucket-error.ts'
import { checkCanary } from '../publish/canary-check.ts'
import type { Ownership } from '../marker.ts'
import type { IndexConfig, MirrorsDeps, SeenMirror } from './mirror-open.ts'
import { seeMirrors } from './mirror-open.ts'
import { readNewest } from '../publish/published-index.ts'
import { lookAt, pinOf } from '../publish/published-places.ts'

/** What there is to say of one mirror. */
export type MirrorState = {
  readonly id: string
  readonly bucket: string
  readonly marker: Ownership['kind'] | 'unreachable'
  /** What the bucket lists; undefined where it is not ours. */
  readonly listed: { readonly blobs: number; readonly bytes: number } | undefined
  /** What the newest index says of it; undefined where it does not name it. */
  readonly indexed: IndexedState | undefined
  /** Uploads in parts that nobody went on with for an hour; undefined where it was not asked. */
  readonly danglingUploads: number | undefined
  /** What its canary's trial came to; undefined: it passed. */
  readonly canary: string | undefined
  readonly serves: boolean
  /** Why it does not serve. */
  readonly why: string | undefined
}

export type IndexedState = {
  readonly blobs: number
  /** In the index, and not listed with that size: clients are sent there in vain. */
  readonly missing: number
  /** Listed, and not in the index: clients are not sent there for them. */
  readonly unlisted: number
}

export type MirrorsState = {
  readonly mirrors: readonly MirrorState[]
  /** The newest index that any place has. */
  readonly generation: number | undefined
  readonly checkedAt: string | undefined
  /** The generation that somebody went back to, whose contents the newest one repeats. */
  readonly pinnedTo: number | undefined
}

/** Tells of every mirror whether it serves clients, or why it does not. It writes nothing. */
export async function readMirrorsState(
  config: IndexConfig,
  deps: MirrorsDeps,
): Promise<MirrorsState> {
  const seen = await seeMirrors(config, { ...deps, withListings: true })
  try {
    const found = await lookAt(seen.places, deps.recorder)
    const newest = await readNewest(found, deps.recorder)
    return {
      mirrors: await Promise.all(seen.mirrors.map((each) => describe(each, newest?.index, deps))),
      generation: newest?.pointer.generation,
      checkedAt: newest?.pointer.checkedAt,
      pinnedTo: pinOf(found)?.generation,
    }
  } finally {
    await seen.close()
  }
}

async function describe(
  seen: SeenMirror,
  index: BlobIndex | undefined,
  deps: MirrorsDeps,
): Promise<MirrorState> {
  const { mirror } = seen
  const listing = seen.kind === 'seen' ? seen.listing : undefined
  const indexed = index && compare(mirror, index, listing ?? new Map())
  const canary = await checkCanary(
    seen.kind === 'seen' ? await seen.bucket.readable() : mirror,
    deps,
  )
  const why = reasonOf(seen, index, indexed, canary)
  return {
    id: mirror.id,
    bucket: mirror.store.bucket,
    marker: seen.kind === 'seen' ? seen.ownership.kind : 'unreachable',
    listed: listing && { blobs: listing.size, bytes: sumOf(listing) },
    indexed,
    danglingUploads: listing && (await countDangling(seen)),
    canary,
    serves: why === undefined,
    why,
  }
}

const hourMs = 3_600_000

async function countDangling(seen: SeenMirror): Promise<number | undefined> {
  if (seen.kind !== 'seen') return undefined
  try {
    const uploads = await seen.bucket.listUploads()
    return uploads.filter(({ ageMs }) => ageMs > hourMs).length
  } catch (error) {
    // It says nothing of whether the mirror serves.
    if (error instanceof BucketError) return undefined
    throw error
  }
}

function reasonOf(
  seen: SeenMirror,
  index: BlobIndex | undefined,
  indexed: IndexedState | undefined,
  canary: string | undefined,
): string | undefined {
  const { id } = seen.mirror
  if (seen.kind === 'unreachable') return seen.why
  const { ownership } = seen
  if (ownership.kind === 'foreign') return ownership.why
  if (ownership.kind === 'empty') return `its bucket is empty: nearport sync fills it`
  if (ownership.kind === 'unclaimed') {
    return `its bucket holds objects and no nearport/mirror.json: if it is this mirror's, nearport sync --claim ${id}`
  }
  if (canary !== undefined) return canary
  if (index === undefined) return 'no index is published: nearport sync does that'
  if (indexed === undefined) {
    return 'the newest index does not name it at its publicUrl: nearport sync publishes another'
  }
  if (indexed.missing > 0) {
    return `the index sends clients to ${indexed.missing} blobs that it does not list: nearport sync puts that right`
  }
  return undefined
}

/** Undefined where the index does not name the mirror, or names it at another address. */
function compare(mirror: Mirror, index: BlobIndex, listing: Listing): IndexedState | undefined {
  const url = `${mirror.publicUrl}/${mirror.keys.text}`
  const place = index.mirrors.findIndex((each) => each.id === mirror.id && each.url === url)
  if (place === -1) return undefined
  let blobs = 0
  for (let row = 0; row < index.blobs; row++) if (index.holds(row, place)) blobs++
  let both = 0
  for (const [digest, sizeBytes] of listing) {
    const row = index.find(digest)
    if (row !== -1 && index.holds(row, place) && index.sizeBytes(row) === sizeBytes) both++
  }
  return { blobs, missing: blobs - both, unlisted: listing.size - both }
}

function sumOf(listing: Listing): number {
  let bytes = 0
  for (const size of listing.values()) bytes += size
  return bytes
}
