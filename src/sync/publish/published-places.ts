import { deltaOf } from '../../core/index-delta-chain.ts'
import type { IndexPin, IndexPointer } from '../../core/index-pointer.ts'
import { generationOf, indexPointerName, parseIndexPointer } from '../../core/index-pointer.ts'
import type { Condition, IndexPlace } from './index-place.ts'
import type { Recorder } from '../recorder.ts'

/** What a place has: its pointer, where it has a sound one, and its generations. */
export type FoundPlace = {
  readonly place: IndexPlace
  readonly pointer: IndexPointer | undefined
  /** Sizes in bytes by generation. */
  readonly generations: ReadonlyMap<number, number>
  /** Sizes in bytes of what leads from one generation to another, by name. */
  readonly deltas: ReadonlyMap<string, number>
}

/** Looks at every place. One that cannot be read is a problem, and left out. */
export async function lookAt(
  places: readonly IndexPlace[],
  recorder: Recorder,
): Promise<readonly FoundPlace[]> {
  const found = await Promise.all(places.map(look))
  return found.filter((each) => each !== undefined)

  async function look(place: IndexPlace): Promise<FoundPlace | undefined> {
    try {
      const [{ pointer, damage }, names] = await Promise.all([readPointerIn(place), place.list()])
      // It is mended by being written anew.
      if (damage !== undefined) {
        recorder.problem(`${place.prefix}${indexPointerName} in ${place.name}`, damage)
      }
      const generations = new Map<number, number>()
      for (const [name, sizeBytes] of names) {
        const generation = generationOf(name, '')
        if (generation !== undefined) generations.set(generation, sizeBytes)
      }
      const deltas = new Map([...names].filter(([name]) => deltaOf(name) !== undefined))
      return { place, pointer, generations, deltas }
    } catch (error) {
      recorder.problem(`the index in ${place.name}`, error)
      return undefined
    }
  }
}

/** A place's pointer as it is now, or what is wrong with it. */
export type PointerThere = {
  readonly pointer: IndexPointer | undefined
  readonly damage: string | undefined
  /** Under which alone it is to be written over. */
  readonly condition: Condition
}

/** Reads a place's pointer. Rejects where the place does not answer. */
export async function readPointerIn(place: IndexPlace): Promise<PointerThere> {
  const there = await place.read(indexPointerName)
  if (there === undefined) return { pointer: undefined, damage: undefined, condition: 'absent' }
  const condition = { version: there.version }
  const read = parseIndexPointer(new TextDecoder().decode(there.bytes), place.prefix)
  return typeof read === 'string'
    ? { pointer: undefined, damage: read, condition }
    : { pointer: read, damage: undefined, condition }
}

/** The newest pointer of all places. */
export function newestPointer(found: readonly FoundPlace[]): IndexPointer | undefined {
  return found
    .flatMap(({ pointer }) => pointer ?? [])
    .toSorted((a, b) => b.generation - a.generation)[0]
}

/**
 * Whether, and to what, the newest generation is pinned. A place that missed its release does not
 * count, as long as another has heard of it.
 */
export function pinOf(found: readonly FoundPlace[]): IndexPin | undefined {
  const newest = newestPointer(found)
  const pins = found
    .filter(({ pointer }) => pointer !== undefined && pointer.generation === newest?.generation)
    .map(({ pointer }) => pointer?.pinned)
  return pins.every((pin) => pin !== undefined) ? pins[0] : undefined
}

/** The greatest generation that any place has or names; 0 where there is none. */
export function newestGeneration(found: readonly FoundPlace[]): number {
  return found
    .flatMap(({ pointer, generations }) => [pointer?.generation ?? 0, ...generations.keys()])
    .reduce((a, b) => Math.max(a, b), 0)
}

/** Does some work in a place. Where it fails that is a problem, and what comes of it undefined. */
export async function attempt<T>(
  { place }: FoundPlace,
  recorder: Recorder,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    recorder.problem(`the index in ${place.name}`, error)
    return undefined
  }
}
