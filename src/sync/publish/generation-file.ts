import { createHash } from 'node:crypto'
import type { IndexPointer } from '../../core/index-pointer.ts'
import { generationName } from '../../core/index-pointer.ts'
import type { Recorder } from '../recorder.ts'
import type { IndexContents } from './index-content.ts'
import { indexFile } from './index-content.ts'
import { takeName } from './index-place.ts'
import type { FoundPlace } from './published-places.ts'
import { attempt } from './published-places.ts'

/** The file of one generation, and the places that have it. */
export type GenerationFile = {
  readonly generation: number
  readonly bytes: Uint8Array
  readonly in: readonly FoundPlace[]
}

/** How often a run gives way to another before it gives up. */
export const longestContest = 100

/** The file of a generation, where these are its contents. */
export function sameFile(
  contents: IndexContents,
  { generation, sha256 }: IndexPointer,
): Uint8Array | undefined {
  const bytes = indexFile(contents, generation)
  return sha256Of(bytes) === sha256 ? bytes : undefined
}

/**
 * Writes a new generation to every place under the first number from `from` on that nobody has:
 * the first place decides between those who come at once.
 */
export async function takeGeneration(
  contents: IndexContents,
  from: number,
  found: readonly FoundPlace[],
  recorder: Recorder,
): Promise<GenerationFile> {
  let left = found
  for (let number = from; number < from + longestContest; number++) {
    const file = indexFile(contents, number)
    const having: FoundPlace[] = []
    let isTaken = false
    for (const each of left) {
      const written = await attempt(each, recorder, () =>
        takeName(each.place, generationName(number), file),
      )
      if (written === true) having.push(each)
      else if (written === undefined) left = left.filter((other) => other !== each)
      else isTaken = true
      if (isTaken) break
    }
    if (!isTaken) return { generation: number, bytes: file, in: having }
  }
  recorder.problem('the index', `wanted a number that no other run takes from ${from} on, got none`)
  return { generation: from, bytes: new Uint8Array(), in: [] }
}

/** Writes the file of the current generation to every place where it is missing or damaged. */
export async function mendGeneration(
  current: IndexPointer,
  file: Uint8Array,
  found: readonly FoundPlace[],
  recorder: Recorder,
): Promise<GenerationFile> {
  const name = generationName(current.generation)
  const written = await Promise.all(
    found.map((each) =>
      attempt(each, recorder, async () => {
        if (await isWhole(each, current, file, recorder)) return true
        return each.place.write(name, file, 'any')
      }),
    ),
  )
  const having = found.filter((_, at) => written[at] === true)
  return { generation: current.generation, bytes: file, in: having }
}

/**
 * Whether the place has the generation, whole. A damaged one is a problem, and mended by being
 * written anew.
 */
async function isWhole(
  { place, pointer: there, generations }: FoundPlace,
  { generation: number, sha256 }: IndexPointer,
  file: Uint8Array,
  recorder: Recorder,
): Promise<boolean> {
  const name = generationName(number)
  const sizeBytes = generations.get(number)
  if (sizeBytes === undefined || there?.sha256 !== sha256) return false
  const kept = sizeBytes === file.length ? await place.read(name) : undefined
  if (kept !== undefined && sha256Of(kept.bytes) === sha256) return true
  const wanted = `wanted ${file.length} bytes of sha256:${sha256}`
  recorder.problem(`${place.prefix}${name} in ${place.name}`, `${wanted}, got others: written anew`)
  return false
}

/** The SHA-256 of bytes, in hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
