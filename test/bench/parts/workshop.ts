import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stoppable } from '../../e2e/parts/process.ts'
import { isInstalled } from '../../e2e/parts/missing.ts'

/** Where a bench works: what it starts and writes here is gone when it ends, however it ends. */
export type Workshop = {
  readonly directory: string
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly stop: AbortSignal
  /** Remembers something that was started, to be stopped at the end at the latest. */
  readonly keep: <T extends Stoppable>(starting: Promise<T>) => Promise<T>
}

/** Programs that a bench runs, by the Debian package that has them. */
export type Needs = Readonly<Record<string, readonly string[]>>

/** Runs a bench in a folder of its own. With a package missing it says so in one line, and exits. */
export async function withWorkshop(
  needs: Needs,
  work: (workshop: Workshop) => Promise<void>,
): Promise<void> {
  const missing = Object.keys(needs).filter((name) => !needs[name]!.every(isInstalled))
  if (missing.length > 0) {
    const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
    console.error(`this bench needs Debian's packages: ${install}`)
    process.exit(1)
  }
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  // Short: the paths of sockets in it may have 107 characters.
  const directory = await mkdtemp(join(tmpdir(), 'nearport-bench-'))
  const starting: Promise<Stoppable | undefined>[] = []
  const keep: Workshop['keep'] = async (part) => {
    starting.push(part.catch(() => undefined))
    return part
  }
  try {
    await work({ directory, stop: interrupt.signal, keep })
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    console.error('interrupted')
    process.exitCode = 130
  } finally {
    for (const part of starting.toReversed()) await (await part)?.stop()
    await rm(directory, { recursive: true, force: true })
    for (const signal of signals) process.off(signal, onSignal)
  }
}
