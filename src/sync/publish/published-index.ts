import { createHash } from 'node:crypto'
import type { BlobIndex } from '../../core/blob-index.ts'
import { hashedPart, openIndex } from '../../core/blob-index.ts'
import type { IndexPointer } from '../../core/index-pointer.ts'
import { generationName } from '../../core/index-pointer.ts'
import type { FoundPlace } from './published-places.ts'
import { newestPointer } from './published-places.ts'
import type { Recorder } from '../recorder.ts'

/** The index that clients are answered from. */
export type PublishedIndex = { readonly pointer: IndexPointer; readonly index: BlobIndex }

/** Reads the newest index that any place points to; undefined where none can be read. */
export async function readNewest(
  found: readonly FoundPlace[],
  recorder: Recorder,
): Promise<PublishedIndex | undefined> {
  const pointer = newestPointer(found)
  if (pointer === undefined) return undefined
  const index = await readGeneration(pointer.generation, found, recorder)
  return index && { pointer, index }
}

/**
 * Reads one generation, from the first place that has it whole. A damaged one is a problem;
 * undefined where there is no other.
 */
export async function readGeneration(
  generation: number,
  found: readonly FoundPlace[],
  recorder: Recorder,
): Promise<BlobIndex | undefined> {
  const name = generationName(generation)
  for (const { place, generations } of found) {
    if (!generations.has(generation)) continue
    try {
      const there = await place.read(name)
      if (there === undefined) continue
      const sha256 = createHash('sha256').update(hashedPart(there.bytes)).digest()
      const index = openIndex(there.bytes, sha256)
      if (index.generation === generation) return index
      throw new Error(`wanted generation ${generation}, got ${index.generation}`)
    } catch (error) {
      recorder.problem(`${place.prefix}${name} in ${place.name}`, error)
    }
  }
  return undefined
}
