import { setTimeout } from 'node:timers/promises'
import type { End, WorkerProcess } from './worker-process.ts'

/** A process that answers clients, and whichever takes its place. */
export type KeptWorker = {
  /** The first one: resolves when it listens, rejects with what kept it from that. */
  readonly listening: Promise<void>
  readonly isListening: () => boolean
  /** The one there is now, if there is one. */
  readonly current: () => WorkerProcess | undefined
  /** Starts none any more. Resolves when the last one is gone. */
  readonly end: () => Promise<void>
}

export type KeptWorkerDeps = {
  /** Starts a process. May throw. */
  readonly start: () => WorkerProcess
  /** Hears that one is gone, and after how long the next one is started. */
  readonly out: (end: End, againMs: number) => void
  /** Hears that the next one listens. */
  readonly back: (outMs: number) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Who ends sooner after its start than this would do so again at once. */
const soonMs = 10_000
const firstPauseMs = 100
const longestPauseMs = 30_000

/** How long the next start waits, after so many ends in a row that came soon. */
function pauseMs(soonEnds: number): number {
  if (soonEnds === 0) return 0
  return Math.min(longestPauseMs, firstPauseMs * 4 ** (soonEnds - 1))
}

/**
 * Starts a process, and another whenever it ends: at once, or after a longer pause each time where one
 * after the other ends soon. Where the first one does not come to listen, nothing is to be kept.
 */
export function keepWorker({ start, out, back, now }: KeptWorkerDeps): KeptWorker {
  const ending = new AbortController()
  const { signal } = ending
  const first = Promise.withResolvers<void>()
  let current: WorkerProcess | undefined
  let isListening = false
  let hasListened = false
  /** Since when there is none that listens, once there was one. */
  let outSinceMs: number | undefined

  const listens = () => {
    isListening = true
    hasListened = true
    first.resolve()
    if (outSinceMs !== undefined) back(now() - outSinceMs)
    outSinceMs = undefined
  }
  const run = async (): Promise<End> => {
    try {
      current = start()
      await current.listening.then(listens, first.reject)
      return await current.ended
    } catch (error) {
      first.reject(error)
      return { how: 'not started', problem: (error as Error).message }
    } finally {
      current = undefined
      isListening = false
    }
  }
  const keep = async () => {
    let soonEnds = 0
    for (;;) {
      const startedMs = now()
      const end = await run()
      if (signal.aborted || !hasListened) return
      const endedMs = now()
      outSinceMs ??= endedMs
      soonEnds = endedMs - startedMs < soonMs ? soonEnds + 1 : 0
      const againMs = pauseMs(soonEnds)
      out(end, againMs)
      await setTimeout(againMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
    }
  }
  const kept = keep()
  return {
    listening: first.promise,
    isListening: () => isListening,
    current: () => current,
    end() {
      ending.abort()
      return kept
    },
  }
}
