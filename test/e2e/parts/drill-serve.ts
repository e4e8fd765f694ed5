import { readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Nearport } from './nearport.ts'
import { eventsIn } from './nearport.ts'
import type { RunningProcess } from './process.ts'
import { answers, startProcess } from './process.ts'

/** A `nearport serve` whose surroundings fail, and what its operators can read of it. */
export type DrillServe = {
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  /** Puts its clock forward by more than a minute. */
  readonly forward: () => Promise<void>
  /** Writes this in the place of its configuration, and has it read. */
  readonly configure: (text: string) => Promise<void>
  /** Has its configuration read. */
  readonly reload: () => void
  readonly events: () => Promise<readonly Record<string, unknown>[]>
  /** A line of `/metrics` by its name with labels; undefined: it is not there. */
  readonly metric: (name: string) => Promise<number | undefined>
  /** The status of `readyz`. */
  readonly ready: () => Promise<number>
}

const clock = new URL('drill-clock.ts', import.meta.url)

export async function createDrillServe({ configFile }: Nearport): Promise<DrillServe> {
  const logs = dirname(configFile)
  let running: RunningProcess
  const start = async () => {
    running = await startProcess({
      name: 'drilled',
      command: [
        process.execPath,
        '--import',
        clock.href,
        'src/cli/main.ts',
        'serve',
        '--config',
        configFile,
      ],
      logs,
      ready: () => answers('http://127.0.0.1:9090/readyz'),
    })
  }
  const reload = () => void process.kill(running.pid, 'SIGHUP')
  await start()
  return {
    start,
    stop: () => running.stop(),
    async forward() {
      process.kill(running.pid, 'SIGUSR2')
      // Two of a signal that come together are one.
      await sleep(50)
    },
    reload,
    async configure(text) {
      await writeFile(configFile, text)
      reload()
    },
    events: async () => eventsIn(await readFile(running.log, 'utf8')),
    async metric(name) {
      const text = await (await fetch('http://127.0.0.1:9090/metrics')).text()
      const line = text.split('\n').find((each) => each.startsWith(`${name} `))
      return line === undefined ? undefined : Number(line.slice(name.length + 1))
    },
    ready: async () => (await fetch('http://127.0.0.1:9090/readyz')).status,
  }
}
