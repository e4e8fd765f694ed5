import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { ProcessBackEvent, ProcessOutEvent } from '../../core/event.ts'
import type { ClientsPort } from '../http/clients-port.ts'
import { keepWorker } from './kept-worker.ts'
import type { ReadText } from './messages.ts'
import { startWorker } from './worker-process.ts'

/** The clients' port, on which several processes answer. */
export type ProcessesPort = ClientsPort & {
  /** Gives all of them another configuration, and resolves when each has taken it. Never rejects. */
  readonly take: (text: string) => Promise<void>
}

export type ProcessesDeps = {
  /** The file that each of them runs. */
  readonly program: string
  /** Hears of their logs: one line or more, whole, each with its end. */
  readonly hear: (lines: string) => void
  readonly record: (event: ProcessOutEvent | ProcessBackEvent) => void
}

/** Who has not ended this long after its last request should have ended is made to. */
const graceMs = 5000

/** Starts the processes. Rejects with what keeps one of them from listening, and then there are none. */
export async function startProcesses(
  first: ReadText,
  { program, hear, record }: ProcessesDeps,
): Promise<ProcessesPort> {
  const listening = { ...first.listening, port: await portOf(first.listening) }
  let read: ReadText = { ...first, listening }
  let isDiscouraged = false

  const { of } = first
  const workers = Array.from({ length: of }, (_, at) => {
    const now = () => ({ timeMs: Date.now(), process: at + 1, listening: listeningNow() })
    return keepWorker({
      start: () => startWorker({ program, read, discouraged: isDiscouraged, hear }),
      out: (end, againMs) => record({ event: 'process-out', ...now(), ...end, againMs }),
      back: (outMs) => record({ event: 'process-back', ...now(), outMs }),
      now: Date.now,
    })
  })
  const listeningNow = () => workers.filter((worker) => worker.isListening()).length
  const close = async (withinMs: number) => {
    const ends = workers.map(({ end }) => end())
    for (const worker of workers) {
      if (worker.isListening()) worker.current()?.close(withinMs)
      else worker.current()?.kill()
    }
    const killing = setTimeout(() => {
      for (const worker of workers) worker.current()?.kill()
    }, withinMs + graceMs)
    await Promise.all(ends)
    clearTimeout(killing)
  }

  try {
    await Promise.all(workers.map((worker) => worker.listening))
  } catch (error) {
    await close(0)
    throw error
  }
  return {
    port: listening.port,
    processes: () => ({ listening: listeningNow(), of }),
    async take(text) {
      // Before any is told: who starts meanwhile starts with this one.
      read = { ...read, text }
      await Promise.all(workers.map(async (worker) => worker.current()?.take(read)))
    },
    discourage() {
      isDiscouraged = true
      for (const worker of workers) worker.current()?.discourage()
    },
    close,
  }
}

/** A process that starts again has to find the port that the others have: any free one is chosen once. */
async function portOf({ host, port }: ReadText['listening']): Promise<number> {
  if (port !== 0) return port
  const server = createServer().listen({ host, port })
  await once(server, 'listening')
  const { port: free } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return free
}
