import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place, Running } from '../../contract/place.ts'
import { clientHeader } from '../../contract/place.ts'
import { startProcess } from '../../e2e/parts/process.ts'

/** Bun, where `npm ci --prefix test/bun` puts it. Throws where it is not there. */
export function bunProgram(): string {
  const program = join(import.meta.dirname, '../node_modules/.bin/bun')
  if (!existsSync(program)) throw new Error('wanted Bun, got none: npm ci --prefix test/bun')
  return program
}

const main = join(import.meta.dirname, '../../../src/cli/main.ts')

/** A nearport in a process of Bun's. */
export type OnBun = Running & {
  readonly adminUrl: string
  /** All that it said, standard error too. */
  readonly said: () => string
}

export const bun: Place & { readonly start: (config: object) => Promise<OnBun> } = {
  name: 'Bun',
  hasFront: true,
  start: startOnBun,
}

/** Starts `nearport serve` on Bun, as anyone would. Rejects with what it said where it does not start. */
export async function startOnBun(config: object): Promise<OnBun> {
  const program = bunProgram()
  const folder = await mkdtemp(join(tmpdir(), 'nearport-bun-'))
  const listening = { host: '127.0.0.1', port: 0, adminPort: 0, drainSeconds: 0 }
  const ranges = { refreshSeconds: 0 }
  const clientAddress = { header: clientHeader }
  const json = { ...listening, ranges, clientAddress, ...config }
  await writeFile(join(folder, 'nearport.json'), JSON.stringify(json))
  const log = join(folder, 'nearport.log')
  const started = () => eventsIn(log).find(({ event }) => event === 'started')
  try {
    const running = await startProcess({
      name: 'nearport',
      command: [program, main, 'serve', '--config', join(folder, 'nearport.json')],
      logs: folder,
      ready: () => Promise.resolve(started() !== undefined),
    })
    const [port, adminPort] = String(started()!['detail']).match(/\d+/g)!.map(Number)
    return {
      url: `http://127.0.0.1:${port}`,
      port: port!,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      events: () => eventsIn(log),
      said: () => readFileSync(log, 'utf8'),
      async stop() {
        await running.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** The events in a log; the last line of it may still be on its way. */
export function eventsIn(log: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
  return lines.flatMap((line) =>
    line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [],
  )
}
