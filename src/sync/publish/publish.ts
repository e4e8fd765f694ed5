import type { IndexPin, IndexPointer } from '../../core/index-pointer.ts'
import { generationName, indexPointerName } from '../../core/index-pointer.ts'
import type { IndexDelta } from '../../core/index-delta-chain.ts'
import { deltaName } from '../../core/index-delta-chain.ts'
import type { GenerationFile } from './generation-file.ts'
import {
  longestContest,
  mendGeneration,
  sameFile,
  sha256Of,
  takeGeneration,
} from './generation-file.ts'
import type { IndexContents } from './index-content.ts'
import type { DeltaLink, MadeDelta } from './index-deltas.ts'
import { chainIn, makeDelta } from './index-deltas.ts'
import type { IndexPlace } from './index-place.ts'
import { removeOld } from './old-generations.ts'
import type { FoundPlace } from './published-places.ts'
import {
  attempt,
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
    ? await mendGeneration(newest, same, found, recorder)
    : await takeGeneration(contents, Math.max(nowMs, newestGeneration(found) + 1), found, recorder)

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

  /** Puts a delta beside its generation, whose number nobody else has; its name where that was done. */
  async function putDelta(
    each: FoundPlace,
    { link, bytes }: MadeDelta,
  ): Promise<string | undefined> {
    const name = deltaName(link.from, link.to)
    const isWritten = await attempt(each, recorder, () => each.place.write(name, bytes, 'any'))
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
    const done = await attempt(each, recorder, async () => {
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
}

/** A pointer but for what each place calls otherwise, or has others of. */
type Ours = Omit<IndexPointer, 'key' | 'deltas'>

type Newer = { readonly place: IndexPlace; readonly pointer: IndexPointer }

function linkOf(delta: MadeDelta | undefined): readonly DeltaLink[] {
  return delta === undefined ? [] : [delta.link]
}
