import { indexPointerName } from '../../core/index-pointer.ts'
import type { MirrorsDeps, IndexConfig } from './mirror-open.ts'
import { seeMirrors } from './mirror-open.ts'
import { readGeneration } from '../publish/published-index.ts'
import type { FoundPlace } from '../publish/published-places.ts'
import { lookAt, newestPointer, pinOf, readPointerIn } from '../publish/published-places.ts'

/** One generation of the index, and where it is. */
export type Generation = {
  readonly generation: number
  /** When it was made: ISO 8601. */
  readonly madeAt: string
  /** Undefined where it cannot be read. */
  readonly blobs: number | undefined
  readonly sizeBytes: number
  /** Mirror ids, and the folder where one is configured. */
  readonly places: readonly string[]
  /** Whether it is the one that clients are answered from. */
  readonly isCurrent: boolean
  /** Of a pinned one: the generation whose contents it repeats. */
  readonly pinnedTo: number | undefined
}

/** Every generation that some place has, the newest first. */
export async function listGenerations(
  config: IndexConfig,
  deps: MirrorsDeps,
): Promise<readonly Generation[]> {
  return withPlaces(config, deps, async (found) => {
    const current = newestPointer(found)?.generation
    const all = new Set(found.flatMap(({ generations }) => [...generations.keys()]))
    const listed: Generation[] = []
    for (const generation of [...all].toSorted((a, b) => b - a)) {
      const having = found.filter(({ generations }) => generations.has(generation))
      const index = await readGeneration(generation, having, deps.recorder)
      listed.push({
        generation,
        madeAt: new Date(generation).toISOString(),
        blobs: index?.blobs,
        sizeBytes: having[0]!.generations.get(generation)!,
        places: having.map(({ place }) => place.name),
        isCurrent: generation === current,
        pinnedTo: generation === current ? pinOf(found)?.generation : undefined,
      })
    }
    return listed
  })
}

/** What taking the pin away came to; `to` are the places it was taken from. */
export type Released = { readonly generation: number | undefined; readonly to: readonly string[] }

/** Takes the pin from the newest generation, so that sync publishes again. */
export async function releaseGeneration(
  config: IndexConfig,
  deps: MirrorsDeps,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Released> {
  const { recorder } = deps
  return withPlaces(config, deps, async (found) => {
    const generation = newestPointer(found)?.generation
    const pinned = found.filter(
      ({ pointer }) => pointer?.pinned !== undefined && pointer.generation === generation,
    )
    const names = pinned.map(({ place }) => place.name)
    if (dryRun) return { generation, to: names }
    const released = await Promise.all(pinned.map(release))
    return { generation, to: names.filter((_, at) => released[at]) }
  })

  async function release({ place, pointer: seen }: FoundPlace): Promise<boolean> {
    try {
      const { pointer, condition } = await readPointerIn(place)
      // Another has changed it meanwhile, and knows of no pin or set one of its own.
      if (pointer?.pinned === undefined || pointer.generation !== seen?.generation) return false
      const { pinned: _, ...without } = pointer
      const text = `${JSON.stringify(without)}\n`
      return await place.write(indexPointerName, new TextEncoder().encode(text), condition)
    } catch (error) {
      recorder.problem(`the index in ${place.name}`, error)
      return false
    }
  }
}

/** The newest generation before the one whose contents clients get; undefined: there is none. */
export function generationBefore(found: readonly FoundPlace[]): number | undefined {
  const current = pinOf(found)?.generation ?? newestPointer(found)?.generation
  if (current === undefined) return undefined
  const older = found
    .flatMap(({ generations }) => [...generations.keys()])
    .filter((generation) => generation < current)
  return older.length === 0 ? undefined : Math.max(...older)
}

async function withPlaces<T>(
  config: IndexConfig,
  deps: MirrorsDeps,
  work: (found: readonly FoundPlace[]) => Promise<T>,
): Promise<T> {
  const seen = await seeMirrors(config, { ...deps, withListings: false })
  try {
    for (const each of seen.mirrors) {
      if (each.kind === 'unreachable') deps.recorder.problem(each.mirror.id, each.why)
    }
    return await work(await lookAt(seen.places, deps.recorder))
  } finally {
    await seen.close()
  }
}
