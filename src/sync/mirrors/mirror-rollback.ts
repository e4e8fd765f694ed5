import type { BlobIndex } from '../../core/blob-index.ts'
import type { Digest } from '../../core/digest.ts'
import type { Listing } from '../../core/plan.ts'
import { checkCanary } from '../publish/canary-check.ts'
import { readCondemned } from '../condemned.ts'
import { generationBefore } from './generations.ts'
import type { GoodMirror, IndexContents } from '../publish/index-content.ts'
import { indexContents } from '../publish/index-content.ts'
import type { IndexPlace } from '../publish/index-place.ts'
import type { IndexConfig, MirrorsDeps, SeenMirror } from './mirror-open.ts'
import { seeMirrors } from './mirror-open.ts'
import type { Published } from '../publish/publish.ts'
import { publish } from '../publish/publish.ts'
import { readGeneration } from '../publish/published-index.ts'
import { lookAt } from '../publish/published-places.ts'

/** What going back came to. */
export type RolledBack = {
  /** Whose contents clients get again. */
  readonly from: number
  /** The generation that repeats them; undefined where nothing was published. */
  readonly generation: number | undefined
  /** Mirror ids, and the folder where one is configured. */
  readonly to: readonly string[]
  /** Blobs of that generation that a mirror still holds, and those that none does any more. */
  readonly blobs: number
  readonly lost: number
}

export type RollbackOptions = {
  /** Default: the one before the current. */
  readonly generation?: number | undefined
  readonly dryRun: boolean
}

/**
 * Publishes the contents of an earlier generation again, as a new one that is pinned: only what the
 * buckets still list and are not to delete, of mirrors that serve. Undefined, and a problem: there is none to go back to.
 */
export async function rollBack(
  config: IndexConfig,
  deps: MirrorsDeps,
  options: RollbackOptions,
): Promise<RolledBack | undefined> {
  const { recorder } = deps
  const seen = await seeMirrors(config, { ...deps, withListings: true })
  try {
    const found = await lookAt(seen.places, recorder)
    const from = options.generation ?? generationBefore(found)
    if (from === undefined) {
      recorder.problem('the index', 'wanted a generation before the current one, got none')
      return undefined
    }
    const index = await readGeneration(from, found, recorder)
    if (index === undefined) {
      recorder.problem('the index', `wanted generation ${from}, which no place has whole`)
      return undefined
    }
    const contents = await contentsOf(index, seen.mirrors, deps)
    const { blobs } = contents.body
    const outcome = { from, blobs, lost: index.blobs - blobs }
    const nothing = { ...outcome, generation: undefined, to: [] }
    if (options.dryRun) return nothing
    if (blobs === 0 && index.blobs > 0) {
      recorder.problem('the index', `no mirror that serves holds a blob of generation ${from}`)
      return nothing
    }
    const { keepGenerations } = config.index
    const { to, generation } = await publishPinned(contents, from, seen.places, {
      ...deps,
      keepGenerations,
    })
    if (to.length > 0) return { ...outcome, generation, to }
    recorder.problem('the index', 'it could be published nowhere')
    return nothing
  } finally {
    await seen.close()
  }
}

/** What the index says of each mirror, as far as it is still so. */
async function contentsOf(
  index: BlobIndex,
  mirrors: readonly SeenMirror[],
  deps: MirrorsDeps,
): Promise<IndexContents> {
  const good = await Promise.all(
    mirrors.map(async (each): Promise<GoodMirror | undefined> => {
      const { mirror } = each
      const place = index.mirrors.findIndex(({ id }) => id === mirror.id)
      if (place === -1) return undefined
      const failure =
        each.kind === 'unreachable'
          ? each.why
          : await checkCanary(await each.bucket.readable(), deps)
      if (failure !== undefined || each.kind !== 'seen' || each.listing === undefined) {
        const why = failure ?? 'its bucket is not ours'
        deps.recorder.problem(mirror.id, `left out of the index: ${why}`)
        return undefined
      }
      const listing = stillHeld(each.listing, index, place)
      try {
        return { mirror, listing, spoiled: new Set((await readCondemned(each.bucket)).keys()) }
      } catch (error) {
        deps.recorder.problem(mirror.id, `left out of the index: ${(error as Error).message}`)
        return undefined
      }
    }),
  )
  // By the index every blob has one size, so nothing is ambiguous.
  return indexContents(
    good.filter((each) => each !== undefined),
    () => undefined,
  )
}

function stillHeld(listing: Listing, index: BlobIndex, place: number): Listing {
  const held = new Map<Digest, number>()
  for (const [digest, sizeBytes] of listing) {
    const row = index.find(digest)
    if (row !== -1 && index.holds(row, place) && index.sizeBytes(row) === sizeBytes) {
      held.set(digest, sizeBytes)
    }
  }
  return held
}

/** Another run may publish at the same time: what somebody asked for is to come after it. */
async function publishPinned(
  contents: IndexContents,
  from: number,
  places: readonly IndexPlace[],
  deps: Parameters<typeof publish>[2],
): Promise<Published> {
  for (let tries = 1; ; tries++) {
    const pin = { generation: from, at: new Date(deps.now()).toISOString() }
    const published = await publish(contents, places, deps, pin)
    if (published.how !== 'superseded') return published
    if (tries === 5) return { ...published, to: [] }
  }
}
