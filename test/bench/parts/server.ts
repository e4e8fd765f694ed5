import { join } from 'node:path'
import { answers, startProcess, type Stoppable } from '../../e2e/parts/process.ts'
import type { Workshop } from './workshop.ts'

/**
 * Starts a file of this folder as a server on a port of loopback, in a process of its own, so that
 * its memory and time are not those of what is measured. Any answer from it says that it is ready.
 */
export async function startServer(
  { directory, keep }: Workshop,
  part: string,
  port: number,
  args: readonly string[] = [],
): Promise<Stoppable & { readonly url: string }> {
  const url = `http://127.0.0.1:${port}`
  const file = join(import.meta.dirname, `${part}.ts`)
  const { stop } = await keep(
    startProcess({
      name: part,
      command: [process.execPath, file, '--port', String(port), ...args],
      logs: directory,
      ready: () => answers(`${url}/ready`),
      deadlineMs: 120_000,
    }),
  )
  return { url, stop }
}
