import { readdirSync, readFileSync } from 'node:fs'
import { residentBytesOf } from './measure.ts'
import type { FirstAsk, ServerRecipe } from './pinned.ts'
import { startPinned } from './pinned.ts'
import type { Workshop } from './workshop.ts'

/** Starts of one program. Times are from exec to the first answer, or to the end where none is given. */
export type Starts = {
  readonly name: string
  readonly startsMs: readonly number[]
  readonly cpuMs: readonly number[]
  readonly residentBytes: readonly number[]
}
/** None yet, of a program. */
export function emptyStarts(of: string) {
  return {
    name: of,
    startsMs: [] as number[],
    cpuMs: [] as number[],
    residentBytes: [] as number[],
  }
}

/** Starts a program once, reads its memory once `settle` is over, and ends it. */
export async function addStart(
  to: ReturnType<typeof emptyStarts>,
  { directory, keep, stop }: Workshop,
  recipe: ServerRecipe,
  first: FirstAsk,
  settle: () => Promise<void> = async () => {},
): Promise<void> {
  stop.throwIfAborted()
  const server = await keep(startPinned(recipe, directory, first))
  to.startsMs.push(server.startMs)
  to.cpuMs.push(cpuMsNow(server.pid))
  await settle()
  to.residentBytes.push(residentBytesOf(server.pid))
  await server.stop()
}

/** Processor time of all threads of a process so far, finer than the clock ticks of its stat. */
function cpuMsNow(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}
