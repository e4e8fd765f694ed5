import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandLine, RunningProcess } from '../../e2e/parts/process.ts'
import { run, startProcess } from '../../e2e/parts/process.ts'

/** The server has one core to itself, and so has who asks. */
const serverCore = '0'
const clientCore = '1'

/** How a server is started that answers `GET /` and all else at a port of loopback. */
export type ServerRecipe = {
  readonly name: string
  readonly command: CommandLine
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
}

/** A server on the core of servers. `startMs`: from exec to the first answer that was wanted. */
export type PinnedServer = RunningProcess & ServerRecipe & { readonly startMs: number }

/** A request as it goes over the wire, and what the answer has in it once the server is ready. */
export type FirstAsk = { readonly asked: string; readonly wanted: string }

/**
 * Starts a server on the core of servers, and waits for the first answer that is wanted: another may
 * come before, while an index is still being read. Its log is `NAME.log` in the folder. Throws as
 * `startProcess` does.
 */
export async function startPinned(
  recipe: ServerRecipe,
  folder: string,
  first: FirstAsk,
): Promise<PinnedServer> {
  let answeredMs = 0
  const startedMs = performance.now()
  const running = await startProcess({
    name: recipe.name.replaceAll(/\W+/g, '-'),
    command: ['taskset', '-c', serverCore, ...recipe.command],
    logs: folder,
    ...(recipe.env === undefined ? {} : { env: recipe.env }),
    ready: async () => {
      const isAnswered = await answersSoon(recipe.port, first)
      answeredMs = performance.now()
      return isAnswered
    },
    deadlineMs: 60_000,
  })
  return { ...recipe, ...running, startMs: answeredMs - startedMs }
}

/** Puts this process, and all that it starts from now on, on the core of who asks. */
export async function pinToClientCore(): Promise<void> {
  await run(['taskset', '-acp', clientCore, String(process.pid)])
}

/** Tries every millisecond, for it is the start that is measured; now and then it gives up. */
async function answersSoon(port: number, { asked, wanted }: FirstAsk): Promise<boolean> {
  const end = performance.now() + 3_000
  while (performance.now() < end) {
    const answer = await answerNow(port, asked)
    if (answer.includes(wanted)) return true
    await sleep(1)
  }
  return false
}

/** The beginning of an answer; nothing where nobody answers. */
function answerNow(port: number, asked: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(''))
    socket.once('close', () => resolve(''))
    socket.once('connect', () => socket.write(asked))
    socket.once('data', (chunk) => {
      resolve(chunk.toString('latin1'))
      socket.destroy()
    })
  })
}
