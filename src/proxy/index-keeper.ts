import { openIndex, sealOf } from '../core/blob-index.ts'
import type { Presence } from '../core/policy.ts'
import type { IndexEvent } from '../core/event.ts'
import { failureText } from '../core/failure-text.ts'
import { chainFrom } from '../core/index-delta-chain.ts'
import type { IndexPointer } from '../core/index-pointer.ts'
import { indexPointerName, parseIndexPointer } from '../core/index-pointer.ts'
import type { Mirror } from '../core/mirror.ts'
import type { HeldIndex, Sha256 } from './index-file.ts'
import { readChecked, readIndexFile } from './index-file.ts'
import { readIndexFor } from './index-presence.ts'
import type { PresenceSource } from './presence.ts'

/** One place an index is published to. Both functions throw where the place does not answer. */
export type IndexReader = {
  readonly name: string
  /** What `current.json` says, or undefined where there is none. */
  readonly pointer: () => Promise<IndexPointer | undefined>
  /** The bytes of a generation or a delta that a pointer names. */
  readonly file: (named: Pick<IndexPointer, 'key' | 'sizeBytes'>) => Promise<Uint8Array>
}

/** Where the last good index is kept, for a service that starts when no other place answers. */
export type KeptIndex = {
  readonly reader: IndexReader
  /** Takes the index that a pointer names; undefined: it is there, and was found to be right anew. */
  readonly keep: (pointer: IndexPointer, bytes: Uint8Array | undefined) => Promise<void>
}

/** The index in use, and how old its news is. */
export type IndexState = {
  readonly generation: number
  readonly blobs: number
  readonly bytes: number
  /** When sync last found the mirrors to be as this index says, in milliseconds since 1970. */
  readonly checkedAtMs: number
  /** Where it was read. */
  readonly from: string
  /** Configured mirrors that it does not name, or names at another URL: nobody is sent to them. */
  readonly unnamed: readonly string[]
}

export type IndexKeeper = PresenceSource & {
  readonly state: () => IndexState | undefined
  /** The bytes of all blobs in the index in use, each once. */
  readonly heldBytes: () => number | undefined
  /**
   * Looks for a newer generation everywhere it may be. Never throws: on any doubt what is there
   * stays.
   */
  readonly refresh: () => Promise<IndexEvent>
}

/**
 * Keeps the last good index: swapped whole, and only for a newer one that is whole and of its
 * promised content. Where deltas lead from it to the newer one, they alone are read.
 */
export function createIndexKeeper(deps: {
  readonly readers: readonly IndexReader[]
  readonly mirrors: readonly Mirror[]
  readonly kept?: KeptIndex | undefined
  /** Default: Web Crypto's. */
  readonly sha256?: Sha256
  readonly now: () => number
}): IndexKeeper {
  const { kept, sha256 = webSha256 } = deps
  const readers = kept === undefined ? deps.readers : [...deps.readers, kept.reader]
  let state: IndexState | undefined
  let held: HeldIndex | undefined
  let heldBytes: (() => number) | undefined
  let presence: Presence | undefined

  async function refresh(): Promise<IndexEvent> {
    const problems: string[] = []
    let movedBytes = 0
    const moved = (bytes: number) => void (movedBytes += bytes)
    const published = newestFirst(await readPointers(readers, problems))
    for (const { reader, pointer } of published) {
      if (state !== undefined && pointer.generation < state.generation) break
      if (pointer.generation === state?.generation) {
        if (checkedAtMs(pointer) > state.checkedAtMs) {
          state = { ...state, checkedAtMs: checkedAtMs(pointer) }
          await keep(pointer, undefined, problems)
        }
        return describe('unchanged', problems, movedBytes)
      }
      const problem = (text: string) => void problems.push(`${reader.name}: ${text}`)
      try {
        const base = held ?? (await readKept(pointer, published, problems))
        const file = await readIndexFile(pointer, base, { reader, sha256, moved, problem })
        const { bytes } = file
        // The hash of the whole file has said all that the one in its header could.
        const index = openIndex(bytes, sealOf(bytes))
        if (index.generation !== pointer.generation) {
          throw new Error(`wanted the generation of its pointer, got ${index.generation}`)
        }
        const read = readIndexFor(index, deps.mirrors)
        held = file
        presence = read.presence
        heldBytes = read.heldBytes
        problems.push(...read.unnamed.map((id) => `${id}: the index does not name it at its URL`))
        state = {
          generation: index.generation,
          blobs: index.blobs,
          bytes: bytes.length,
          checkedAtMs: checkedAtMs(pointer),
          from: reader.name,
          unnamed: read.unnamed,
        }
        if (reader !== kept?.reader) await keep(pointer, bytes, problems)
        return describe('loaded', problems, movedBytes)
      } catch (error) {
        problem(`generation ${pointer.generation}: ${failureText(error)}`)
      }
    }
    return describe(state === undefined ? 'missing' : 'unchanged', problems, movedBytes)
  }

  /** What a service that starts has kept, where deltas lead from there to what a pointer names. */
  async function readKept(
    pointer: IndexPointer,
    published: readonly Published[],
    problems: string[],
  ): Promise<HeldIndex | undefined> {
    const last = published.find(({ reader }) => reader === kept?.reader)
    if (last === undefined || chainFrom(last.pointer.generation, pointer) === undefined) return
    const { generation, sha256: hash } = last.pointer
    try {
      // It is here already: nothing is moved.
      const bytes = await readChecked(last.pointer, { ...last, sha256, moved: () => {} })
      return { generation, sha256: hash, bytes }
    } catch (error) {
      problems.push(`${last.reader.name}: generation ${generation}: ${failureText(error)}`)
      return undefined
    }
  }

  /** What cannot be kept is told, and is in use all the same. */
  async function keep(
    pointer: IndexPointer,
    bytes: Uint8Array | undefined,
    problems: string[],
  ): Promise<void> {
    try {
      await kept?.keep(pointer, bytes)
    } catch (error) {
      problems.push(`${kept!.reader.name}: ${failureText(error)}`)
    }
  }

  function describe(
    outcome: IndexEvent['outcome'],
    problems: readonly string[],
    movedBytes: number,
  ): IndexEvent {
    return {
      event: 'index',
      timeMs: deps.now(),
      outcome,
      ...(state !== undefined && { generation: state.generation, blobs: state.blobs }),
      ...(movedBytes > 0 && { movedBytes }),
      problems,
    }
  }

  return {
    current: () => presence,
    // An index has said all it knows.
    ask: () => Promise.resolve('absent'),
    state: () => state,
    heldBytes: () => heldBytes?.(),
    refresh,
  }
}

/** Reads the text of a pointer that lies under `prefix`. Throws where it is not one. */
export function readPointer(text: string, prefix: string): IndexPointer {
  const pointer = parseIndexPointer(text, prefix)
  if (typeof pointer === 'string') throw new Error(`${indexPointerName}: ${pointer}`)
  // Core knows no calendar: a thirteenth month gets as far as here.
  if (Number.isNaN(checkedAtMs(pointer))) {
    throw new Error(`${indexPointerName}: wanted a time in checkedAt, got ${pointer.checkedAt}`)
  }
  return pointer
}

type Published = { readonly reader: IndexReader; readonly pointer: IndexPointer }

async function readPointers(
  readers: readonly IndexReader[],
  problems: string[],
): Promise<readonly Published[]> {
  const found = await Promise.all(
    readers.map(async (reader): Promise<Published | undefined> => {
      try {
        const pointer = await reader.pointer()
        return pointer && { reader, pointer }
      } catch (error) {
        problems.push(`${reader.name}: ${failureText(error)}`)
        return undefined
      }
    }),
  )
  return found.filter((each) => each !== undefined)
}

function newestFirst(published: readonly Published[]): readonly Published[] {
  return published.toSorted(
    (a, b) =>
      b.pointer.generation - a.pointer.generation ||
      checkedAtMs(b.pointer) - checkedAtMs(a.pointer),
  )
}

function checkedAtMs(pointer: IndexPointer): number {
  return Date.parse(pointer.checkedAt)
}

async function webSha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}
