import type { Digest } from '../core/digest.ts'
import type { WantedBlob } from '../core/plan.ts'
import { createLimiter, forEachLimited } from './concurrency.ts'
import { createFoundBlobs } from './found-blobs.ts'
import type { SelectedRepository } from './select.ts'
import { settleSizes } from './settle-sizes.ts'
import { walkRepository } from './walk-repository.ts'
import type { WalkDeps, WalkState } from './walk-state.ts'

/** What the wanted images are made of. */
export type Walked = {
  /** Every blob once. One whose size nobody knows is not among them. */
  readonly blobs: ReadonlyMap<Digest, WantedBlob>
  readonly repositories: number
  readonly manifests: number
}

/**
 * Walks repositories down to their blobs; where it is stopped, what was found until then is
 * returned. What fails is recorded as a problem by its name, and stops nothing else.
 */
export async function walk(
  repositories: readonly SelectedRepository[],
  deps: WalkDeps,
): Promise<Walked> {
  const found = createFoundBlobs()
  const state: WalkState = { ...deps, blobs: found, limit: createLimiter(deps.concurrency) }
  let manifests = 0
  await forEachLimited(repositories, deps.concurrency, async (repository) => {
    if (deps.stop.aborted) return
    const count = await walkRepository(repository, state)
    manifests += count
  })
  const upstreams = new Map(repositories.map(({ name, upstream }) => [name, upstream]))
  const blobs = await settleSizes(found, {
    ...deps,
    headBlob: (name, digest) => deps.clientOf(upstreams.get(name)!).headBlob(name, digest),
  })
  return { blobs, repositories: repositories.length, manifests }
}
