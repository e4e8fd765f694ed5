import { createHash } from 'node:crypto'
import type { IndexPin, IndexPointer } from '../../core/index-pointer.ts'
import { generationName, indexPointerName } from '../../core/index-pointer.ts'
import type { IndexDelta } from '../../core/index-delta-chain.ts'
import { deltaName } from '../../core/index-delta-chain.ts'
import type { IndexContents } from './index-content.ts'
import { indexFile } from './index-content.ts'
import type { DeltaLink, MadeDelta } from './index-deltas.ts'
import { chainIn, makeDelta } from './index-deltas.ts'
import type { IndexPlace } from './index-place.ts'
import { takeName } from './index-place.ts'
import { removeOld } from './old-generations.ts'
import type { FoundPlace } from './published-places.ts'
import {
  lookAt,
  newestGeneration,
  newestPointer,
  pinOf,
  readPointerIn,
} from './published-places.ts'
import type { Recorder } from '../recorder.ts'

/** What publishing needs of the world. */
export type PublishDeps = {
  readonly recorder: Recorder
  readonly now: () => number
  readonly keepGenerations: number
}

/**
 * What was published; `to` is empty where nothing could be. `unchanged`: it was there already.
 * `pinned`: somebody went back to that generation, and clients stay there. `superseded`: another
 * run published a newer one meanwhile, which stands; `to` are the places that were seen to have it.
 */
export type Published = {
  readonly how: 'new' | 'unchanged' | 'pinned' | 'superseded'
  readonly generation: number
  readonly to: readonly string[]
}

/** How often a run gives way to another before it gives up. */
const longestContest = 100

/**
 * Publishes an index to every place: the generation first, then what leads there from the one before,
 * and then the pointer to both, so that nobody is ever pointed to what is not there. Contents that are
 * those of the newest generation make no new one. Others may publish at the same time: a generation's
 * name is taken by whoever writes it first, and no pointer is put in the place of a newer one.
 * Failures are problems. With `pin` the contents are always a new generation, which is pinned.
 */
export async function publish(
  contents: IndexContents,
  places: readonly IndexPlace[],
  deps: PublishDeps,
  pin?: IndexPin,
): Promise<Published> {
  const { recorder } = deps
  const found = await lookAt(places, recorder)
  const newest = newestPointer(found)
  if (pin === undefined && newest !== undefined && pinOf(found) !== undefined) {
    return stayPinned(newest, found)
  }

  const nowMs = deps.now()
  const checkedAt = new Date(nowMs).toISOString()
  const same = pin === undefined && newest !== undefined ? sameFile(contents, newest) : undefined
  const isSame = same !== undefined && newest !== undefined
  const made: GenerationFile = isSame
    ? { generation: newest.generation, bytes: same, in: await mend(newest, same) }
    : await take(Math.max(nowMs, newestGeneration(found) + 1))

  const { generation } = made
  const isAfter = !isSame && newest !== undefined && made.in.length > 0
  const delta = isAfter ? await makeDelta(newest, found, made) : undefined
  const chain = isSame || delta !== undefined ? [...(newest?.deltas ?? []), ...linkOf(delta)] : []
  const ours: Ours = {
    generation,
    sha256: sha256Of(made.bytes),
    sizeBytes: made.bytes.length,
    publishedAt: isSame ? newest.publishedAt : checkedAt,
    checkedAt,
    ...(pin === undefined ? {} : { pinned: pin }),
  }
  const pointed = await Promise.all(
    made.in.map(async (each) => {
      const written = delta && (await putDelta(each, delta))
      return point(each, ours, chainIn(each, chain, ours.sizeBytes, written))
    }),
  )
  const newer = pointed.filter((each) => typeof each === 'object')
  if (newer.length > 0) return supersededBy(newer)

  const to = made.in.filter((_, at) => pointed[at] === 'written').map(({ place }) => place.name)
  const how = isSame ? 'unchanged' : 'new'
  if (to.length > 0) {
    const { blobs } = contents.body
    const deltaBytes = delta && { deltaBytes: delta.bytes.length }
    const { sizeBytes } = ours
    recorder.step({ step: 'published', how, generation, blobs, sizeBytes, ...deltaBytes, to })
  }
  return { how, generation, to }

  function stayPinned(pointer: IndexPointer, all: readonly FoundPlace[]): Published {
    const { generation: at } = pointer
    recorder.step({ step: 'pinned', generation: at })
    const having = all.filter((each) => each.pointer?.generation === at)
    return { how: 'pinned', generation: at, to: having.map(({ place }) => place.name) }
  }

  function supersededBy(others: readonly Newer[]): Published {
    const greatest = others.reduce((a, b) => (b.pointer.generation > a.pointer.generation ? b : a))
    if (greatest.pointer.pinned !== undefined && pin === undefined) {
      recorder.step({ step: 'pinned', generation: greatest.pointer.generation })
    }
    return {
      how: greatest.pointer.pinned !== undefined && pin === undefined ? 'pinned' : 'superseded',
      generation: greatest.pointer.generation,
      to: others.map(({ place }) => place.name),
    }
  }

  /**
   * Writes a new generation to every place under the first number from `from` on that nobody has:
   * the first place decides between those who come at once.
   */
  async function take(from: number): Promise<GenerationFile> {
    let left = found
    for (let number = from; number < from + longestContest; number++) {
      const file = indexFile(contents, number)
      const having: FoundPlace[] = []
      let isTaken = false
      for (const each of left) {
        const written = await attempt(each, () =>
          takeName(each.place, generationName(number), file),
        )
        if (written === true) having.push(each)
        else if (written === undefined) left = left.filter((other) => other !== each)
        else isTaken = true
        if (isTaken) break
      }
      if (!isTaken) return { generation: number, bytes: file, in: having }
    }
    recorder.problem(
      'the index',
      `wanted a number that no other run takes from ${from} on, got none`,
    )
    return { generation: from, bytes: new Uint8Array(), in: [] }
  }

  /** Writes the file of the current generation where it is missing or damaged. */
  async function mend(current: IndexPointer, file: Uint8Array): Promise<readonly FoundPlace[]> {
    const name = generationName(current.generation)
    const written = await Promise.all(
      found.map((each) =>
        attempt(each, async () => {
          if (await isWhole(each, current, file)) return true
          return each.place.write(name, file, 'any')
        }),
      ),
    )
    return found.filter((_, at) => written[at] === true)
  }

  /**
   * Whether the place has the generation, whole. A damaged one is a problem, and mended by being
   * written anew.
   */
  async function isWhole(
    { place, pointer: there, generations }: FoundPlace,
    { generation: number, sha256 }: IndexPointer,
    file: Uint8Array,
  ): Promise<boolean> {
    const name = generationName(number)
    const sizeBytes = generations.get(number)
    if (sizeBytes === undefined || there?.sha256 !== sha256) return false
    const kept = sizeBytes === file.length ? await place.read(name) : undefined
    if (kept !== undefined && sha256Of(kept.bytes) === sha256) return true
    const wanted = `wanted ${file.length} bytes of sha256:${sha256}`
    recorder.problem(
      `${place.prefix}${name} in ${place.name}`,
      `${wanted}, got others: written anew`,
    )
    return false
  }

  /** Puts a delta beside its generation, whose number nobody else has; its name where that was done. */
  async function putDelta(
    each: FoundPlace,
    { link, bytes }: MadeDelta,
  ): Promise<string | undefined> {
    const name = deltaName(link.from, link.to)
    const isWritten = await attempt(each, () => each.place.write(name, bytes, 'any'))
    return isWritten === true ? name : undefined
  }

  /** Points a place to the generation, unless it is pointed to a newer one meanwhile. */
  async function point(
    each: FoundPlace,
    wanted: Ours,
    deltas: readonly IndexDelta[] | undefined,
  ): Promise<'written' | 'failed' | Newer> {
    const { place } = each
    const key = place.prefix + generationName(wanted.generation)
    const text = new TextEncoder().encode(`${JSON.stringify({ ...wanted, key, deltas })}\n`)
    const done = await attempt(each, async () => {
      for (let tries = 0; tries < longestContest; tries++) {
        const there = await readPointerIn(place)
        const { pointer: current } = there
        if (current !== undefined && isInTheWay(current, each, wanted)) {
          return { place, pointer: current }
        }
        if (await place.write(indexPointerName, text, there.condition)) return 'written'
      }
      throw new Error(`others changed ${indexPointerName} each time: it was left to them`)
    })
    if (done === 'written') {
      const { generation: current } = wanted
      await removeOld(each, { ...deps, current, chain: deltas ?? [], nowMs })
    }
    return done ?? 'failed'
  }

  /** A pin that was set since this run looked is newer than what this run has to say. */
  function isInTheWay(current: IndexPointer, seen: FoundPlace, wanted: Ours): boolean {
    if (current.generation > wanted.generation) return true
    const isNew = current.generation !== seen.pointer?.generation
    return pin === undefined && current.pinned !== undefined && isNew
  }

  async function attempt<T>({ place }: FoundPlace, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      recorder.problem(`the index in ${place.name}`, error)
      return undefined
    }
  }
}

/** The file of one generation, and the places that have it. */
type GenerationFile = {
  readonly generation: number
  readonly bytes: Uint8Array
  readonly in: readonly FoundPlace[]
}

/** A pointer but for what each place calls otherwise, or has others of. */
type Ours = Omit<IndexPointer, 'key' | 'deltas'>

type Newer = { readonly place: IndexPlace; readonly pointer: IndexPointer }

/** The file of a generation, where these are its contents. */
function sameFile(
  contents: IndexContents,
  { generation, sha256 }: IndexPointer,
): Uint8Array | undefined {
  const bytes = indexFile(contents, generation)
  return sha256Of(bytes) === sha256 ? bytes : undefined
}

function linkOf(delta: MadeDelta | undefined): readonly DeltaLink[] {
  return delta === undefined ? [] : [delta.link]
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
