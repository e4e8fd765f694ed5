import cluster from 'node:cluster'
import type { Readable } from 'node:stream'
import type { FromWorker, ReadText, ToWorker } from './messages.ts'

/** A process that answers clients, as its primary sees it. */
export type WorkerProcess = {
  /** Resolves when it listens; rejects with what kept it from that. */
  readonly listening: Promise<void>
  /** Resolves when it is gone and all that it wrote is heard. Never rejects. */
  readonly ended: Promise<End>
  /** Resolves when it has taken a configuration, or is gone. */
  readonly take: (read: ReadText) => Promise<void>
  readonly discourage: () => void
  /** Ends it with the requests under way, for which it waits no longer than `withinMs`. */
  readonly close: (withinMs: number) => void
  readonly kill: () => void
}

export type End = {
  /** The signal that ended it, as `SIGKILL`, or its exit code. */
  readonly how: string
  /** What it said that it failed at. */
  readonly problem?: string | undefined
}

export type WorkerStart = {
  /** The file that it runs. */
  readonly program: string
  readonly read: ReadText
  readonly discouraged: boolean
  /** Hears of its log: one line or more, whole, each with its end. */
  readonly hear: (lines: string) => void
}

/**
 * Forks a process that answers clients. Throws where the machine has no room for another.
 *
 * Each takes its connections from the kernel by itself (SCHED_NONE). Node's other way, in which the
 * primary takes them and hands them out in turn, took 1.7 times the CPU where each request has a
 * connection of its own (0.55 ms for 0.32 with two processes, a third of it in the primary), and lets
 * nobody in while the primary is busy. The price: connections that stay are spread less evenly (of 100
 * opened at once, 3 to 52 for each of four processes, where the other way gave 18 to 32).
 */
export function startWorker({ program, read, discouraged, hear }: WorkerStart): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ exec: program, args: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const worker = cluster.fork()
  // What was for one that is gone is for nobody.
  const send = (message: ToWorker) => void worker.send(message, () => {})
  hearLines(worker.process.stdout!, hear)

  let problem: string | undefined
  const ended = new Promise<End>((resolve) => {
    // Not its exit, which may come before the last of its lines.
    worker.process.once('close', (code, signal) =>
      resolve({ how: signal ?? String(code), ...(problem !== undefined && { problem }) }),
    )
  })
  worker.on('error', ({ message }) => (problem ??= message))
  const listening = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'listening') resolve()
      if (message.kind === 'failed') problem = message.message
    })
    void ended.then(({ how }) =>
      reject(new Error(problem ?? `a process ended before it listened (${how})`)),
    )
  })
  send({ kind: 'start', read, discouraged })

  return {
    listening,
    ended,
    async take(next) {
      const took = new Promise<void>((resolve) => {
        const listener = ({ kind }: FromWorker) => {
          if (kind !== 'took') return
          worker.off('message', listener)
          resolve()
        }
        worker.on('message', listener)
      })
      send({ kind: 'take', read: next })
      await Promise.race([took, ended])
    },
    discourage: () => send({ kind: 'discourage' }),
    close: (withinMs) => send({ kind: 'close', withinMs }),
    kill: () => void worker.process.kill('SIGKILL'),
  }
}

/** Calls back with whole lines, together as they came. A last one that was broken off is left out. */
function hearLines(stream: Readable, hear: (lines: string) => void): void {
  let begun = ''
  stream.setEncoding('utf8').on('data', (piece: string) => {
    const end = piece.lastIndexOf('\n') + 1
    if (end > 0) hear(begun + piece.slice(0, end))
    begun = end > 0 ? piece.slice(end) : begun + piece
  })
}
