import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Running } from '../../contract/place.ts'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

type Event = Readonly<Record<string, unknown>>

/** `nearport serve` as a process group of its own, as a terminal or a service manager has it. */
export type Served = Running & {
  readonly adminUrl: string
  readonly child: ChildProcess
  /** The process ids of the processes that answer clients. */
  readonly workers: () => Promise<readonly number[]>
  /** Writes the configuration anew, and has it read. */
  readonly configure: (json: object) => Promise<void>
  /** Signals every process of the group. Never throws. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Resolves with exit code and signal when it is gone, and its output is read. */
  readonly ended: Promise<unknown>
}

/** Starts it with two processes on free ports. Rejects with what it said where it does not start. */
export async function serveProcesses(config: object): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-processes-'))
  const path = join(folder, 'nearport.json')
  const listening = { host: '127.0.0.1', port: 0, adminPort: 0, drainSeconds: 0, processes: 2 }
  const ranges = { refreshSeconds: 0 }
  const write = (json: object) =>
    writeFile(path, JSON.stringify({ ...listening, ranges, ...config, ...json }))
  await write({})

  const child = spawn(process.execPath, [main, 'serve', '--config', path], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TEST_ACCESS_KEY_ID: 'test-key', TEST_SECRET_ACCESS_KEY: 'test-secret' },
  })
  const closed = once(child, 'close')
  const ended = closed.finally(() => rm(folder, { recursive: true, force: true }))
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const events = () => eventsIn(out)
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, name)
    } catch {
      // The group is gone.
    }
  }

  let started: Event | undefined
  while (started === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    started = events().find(({ event }) => event === 'started')
    if (child.exitCode === null || started !== undefined) continue
    await ended
    throw new Error(`exit code ${child.exitCode}: ${out}${err}`)
  }
  const [port, adminPort] = String(started['detail']).match(/\d+/g)!.map(Number)
  return {
    url: `http://127.0.0.1:${port}`,
    port: port!,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    child,
    events,
    signal,
    ended,
    workers: () => childrenOf(child.pid!),
    async configure(json) {
      await write(json)
      child.kill('SIGHUP')
    },
    async stop() {
      signal('SIGTERM')
      await ended
      signal('SIGKILL')
    },
  }
}

/** Whole lines; the last one may still be on its way. */
function eventsIn(out: string): readonly Event[] {
  const lines = out.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Event)
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child!)
}
