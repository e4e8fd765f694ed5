import type { IndexDelta } from '../../core/index-delta-chain.ts'
import { deltaName, deltaOf } from '../../core/index-delta-chain.ts'
import { generationName } from '../../core/index-pointer.ts'
import type { Recorder } from '../recorder.ts'
import type { FoundPlace } from './published-places.ts'

type Removal = {
  readonly recorder: Recorder
  readonly keepGenerations: number
  /** The generation that the place is pointed to now, and the deltas that its pointer names. */
  readonly current: number
  readonly chain: readonly IndexDelta[]
  readonly nowMs: number
}

const hourMs = 3_600_000

/**
 * Removes from a place the generations that are one too many, and the deltas that lead to them, but
 * for those that its pointer names: a delta whose generation is there stays, for who read an older
 * pointer a moment ago. Nothing newer than what was current before: another run may be about to point
 * to it. A failure is a problem.
 */
export async function removeOld(each: FoundPlace, removal: Removal): Promise<void> {
  const { place, generations, pointer: before } = each
  const { current, keepGenerations, recorder, nowMs } = removal
  const others = [...generations.keys()].filter((n) => n !== current).toSorted((a, b) => b - a)
  const upTo = before?.generation ?? 0
  const old = others.slice(keepGenerations - 1).filter((number) => number <= upTo)
  const named = new Set(removal.chain.map(({ from, to }) => deltaName(from, to)))
  const deltas = [...each.deltas.keys()].filter((name) => {
    const { to } = deltaOf(name)!
    const isKept = generations.has(to) && !old.includes(to)
    return !named.has(name) && !isKept && to <= upTo
  })
  try {
    for (const name of [...old.map(generationName), ...deltas]) await place.remove(name)
    await place.tidy(nowMs - hourMs)
  } catch (error) {
    recorder.problem(`old generations of the index in ${place.name}`, error)
  }
}
