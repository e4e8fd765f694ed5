import { createLimiter, forEachLimited } from '../concurrency.ts'
import type { SelectedRepository } from './select.ts'
import { settleSizes } from './settle-sizes.ts'
import { walkRepository } from './walk-repository.ts'
import type { WalkDeps } from './walk-state.ts'

/** What a walk came to. */
export type Walked = {
  readonly repositories: number
  /** Manifests, and those of them that the ledger knew: they were not fetched. */
  readonly manifests: number
  readonly known: number
}

/** Requests of the walk are small: so many for each blob that would be on its way. */
const requestsForEach = 4

/**
 * Walks repositories down to their blobs, which it adds to `deps.blobs`; where it is stopped, with
 * what was found until then. What fails is recorded as a problem by its name, and stops nothing
 * else.
 */
export async function walk(
  repositories: readonly SelectedRepository[],
  deps: WalkDeps,
): Promise<Walked> {
  const { blobs, clientOf, concurrency, recorder, stop } = deps
  const limit = createLimiter(concurrency * requestsForEach)
  const state = { ...deps, limit, hasKnown: deps.ledger.size() > 0 }
  let manifests = 0
  let known = 0
  await forEachLimited(repositories, concurrency, async (repository) => {
    if (stop.aborted) return
    const walked = await walkRepository(repository, state)
    manifests += walked.manifests
    known += walked.known
  })
  const upstreams = new Map(repositories.map(({ name, upstream }) => [name, upstream]))
  await settleSizes(blobs, {
    recorder,
    concurrency,
    stop,
    headBlob: (name, digest) => clientOf(upstreams.get(name)!).headBlob(name, digest),
  })
  return { repositories: repositories.length, manifests, known }
}
