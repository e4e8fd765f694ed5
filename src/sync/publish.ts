import { createHash } from 'node:crypto'
import type { IndexPointer } from '../core/index-pointer.ts'
import {
  generationName,
  generationOf,
  indexPointerName,
  parseIndexPointer,
} from '../core/index-pointer.ts'
import type { IndexContents } from './index-content.ts'
import { indexFile } from './index-content.ts'
import type { IndexPlace } from './index-place.ts'
import type { Recorder } from './recorder.ts'

/** What publishing needs of the world. */
export type PublishDeps = {
  readonly recorder: Recorder
  readonly now: () => number
  readonly keepGenerations: number
}

/** What was published; `to` is empty where nothing could be. */
export type Published = {
  readonly how: 'new' | 'unchanged'
  readonly generation: number
  readonly to: readonly string[]
}

/** What a place has: its pointer, where it has a sound one, and its generations. */
type Found = {
  readonly place: IndexPlace
  readonly pointer: IndexPointer | undefined
  /** Sizes in bytes by generation. */
  readonly generations: ReadonlyMap<number, number>
}

/**
 * Publishes an index to every place: the generation first, and then the pointer to it, so that
 * nobody is ever pointed to what is not there. Contents that are those of the newest generation
 * make no new one. Failures are problems.
 */
export async function publish(
  contents: IndexContents,
  places: readonly IndexPlace[],
  deps: PublishDeps,
): Promise<Published> {
  const { recorder } = deps
  const found = (await Promise.all(places.map(look))).filter((each) => each !== undefined)
  const nowMs = deps.now()
  const checkedAt = new Date(nowMs).toISOString()

  const newest = newestPointer(found)
  const same = newest === undefined ? undefined : indexFile(contents, newest.generation)
  const isSame = same !== undefined && sha256Of(same) === newest?.sha256
  const generation = isSame ? newest.generation : Math.max(nowMs, newestGeneration(found) + 1)
  const bytes = isSame ? same : indexFile(contents, generation)
  const pointer = {
    generation,
    sha256: sha256Of(bytes),
    sizeBytes: bytes.length,
    publishedAt: isSame ? newest.publishedAt : checkedAt,
    checkedAt,
  }

  const written = await Promise.all(found.map(write))
  const to = found.filter((_, at) => written[at]).map(({ place }) => place.name)
  const how = isSame ? 'unchanged' : 'new'
  if (to.length > 0) {
    const { length: blobs } = contents.rows
    recorder.step({ step: 'published', how, generation, blobs, sizeBytes: bytes.length, to })
  }
  return { how, generation, to }

  async function look(place: IndexPlace): Promise<Found | undefined> {
    try {
      const [text, names] = await Promise.all([place.read(indexPointerName), place.list()])
      const generations = [...names].map(([name, size]) => [generationOf(name, ''), size] as const)
      return {
        place,
        pointer: text === undefined ? undefined : readPointer(text, place),
        generations: new Map(
          generations.filter((each): each is [number, number] => each[0] !== undefined),
        ),
      }
    } catch (error) {
      recorder.problem(`the index in ${place.name}`, error)
      return undefined
    }
  }

  /** A damaged pointer is a problem, and mended by being written anew. */
  function readPointer(text: Uint8Array, place: IndexPlace): IndexPointer | undefined {
    const read = parseIndexPointer(new TextDecoder().decode(text), place.prefix)
    if (typeof read !== 'string') return read
    recorder.problem(`${place.prefix}${indexPointerName} in ${place.name}`, read)
    return undefined
  }

  async function write(each: Found): Promise<boolean> {
    const { place, generations } = each
    try {
      const name = generationName(generation)
      if (!(await isThere(each, name))) await place.write(name, bytes)
      const text = `${JSON.stringify({ ...pointer, key: place.prefix + name })}\n`
      await place.write(indexPointerName, new TextEncoder().encode(text))
    } catch (error) {
      recorder.problem(`the index in ${place.name}`, error)
      return false
    }
    await removeOld(place, [...generations.keys()])
    return true
  }

  /**
   * Whether the place has the generation, whole. A damaged one is a problem, and mended by being
   * written anew.
   */
  async function isThere(
    { place, pointer: there, generations }: Found,
    name: string,
  ): Promise<boolean> {
    const sizeBytes = generations.get(generation)
    if (sizeBytes === undefined || there?.sha256 !== pointer.sha256) return false
    const kept = sizeBytes === bytes.length ? await place.read(name) : undefined
    if (kept !== undefined && sha256Of(kept) === pointer.sha256) return true
    const wanted = `wanted ${bytes.length} bytes of sha256:${pointer.sha256}`
    recorder.problem(
      `${place.prefix}${name} in ${place.name}`,
      `${wanted}, got others: written anew`,
    )
    return false
  }

  async function removeOld(place: IndexPlace, generations: readonly number[]): Promise<void> {
    const others = generations.filter((each) => each !== generation).toSorted((a, b) => b - a)
    try {
      for (const old of others.slice(deps.keepGenerations - 1)) {
        await place.remove(generationName(old))
      }
    } catch (error) {
      recorder.problem(`old generations of the index in ${place.name}`, error)
    }
  }
}

function newestPointer(found: readonly Found[]): IndexPointer | undefined {
  return found
    .flatMap(({ pointer }) => pointer ?? [])
    .toSorted((a, b) => b.generation - a.generation)[0]
}

function newestGeneration(found: readonly Found[]): number {
  return found.reduce(
    (newest, { pointer, generations }) =>
      [...generations.keys()].reduce(
        (a, b) => Math.max(a, b),
        Math.max(newest, pointer?.generation ?? 0),
      ),
    0,
  )
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
