import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { IndexKeeper } from '../../src/proxy/index-keeper.ts'
import { createIndexKeeper } from '../../src/proxy/index-keeper.ts'
import { createMirrorIndexReader } from '../../src/proxy/mirror-index-reader.ts'
import { sha256InPieces } from '../../src/runtime/index/sha256-in-pieces.ts'
import { describeMachine } from './parts/machine.ts'
import { measure } from './parts/measure.ts'
import { publishedConfig } from './parts/published-index.ts'
import { startServer } from './parts/server.ts'
import { publishTables, spread } from './parts/table.ts'
import type { Workshop } from './parts/workshop.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'index-scale'
export const heavy = 'an index of a million blobs, published and read several times; two minutes'

const help = 'npm run bench -- index-scale [--blobs 1000000] [--rounds 3]\n'

/** What publishing took, but for what the run had in memory before. */
type Publication = {
  readonly ms: number
  readonly cpuMs: number
  readonly before: number
  readonly peakBytes: number
  readonly published: { readonly sizeBytes: number; readonly deltaBytes?: number }
}

/** What a refresh took; `mainMs` of processor time are the thread's that answers requests. */
type Refresh = {
  readonly movedBytes: number
  readonly ms: number
  readonly mainMs: number
  readonly longestStallMs: number
}

/**
 * Prints what it takes to publish a large index in three buckets, in time and memory, and to take it
 * up: whole, and by what changed, which is one blob in a hundred in each round.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      blobs: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  await withWorkshop({}, async (workshop) => {
    console.log(await describeMachine([]))
    const store = await startServer(workshop, 'sink', 27_210)
    const publishing: Publication[] = []
    const [whole, delta]: [Refresh[], Refresh[]] = [[], []]
    const steady = createKeeper(store.url)
    for (let round = 0; round <= Number(values.rounds); round++) {
      publishing.push(await publishRound(workshop, store.url, values.blobs, round))
      whole.push(await refresh(createKeeper(store.url)))
      const refreshed = await refresh(steady)
      // In the first round there is nothing yet that a delta could lead from.
      if (round > 0) delta.push(refreshed)
    }
    const said = [`${values.blobs} blobs in three mirrors, one in a hundred changed each time`]
    publishTables(name, [publishTable(publishing), refreshTable(whole, delta)], said)
  })
}

async function publishRound(
  { directory, stop }: Workshop,
  store: string,
  blobs: string,
  round: number,
): Promise<Publication> {
  const program = join(import.meta.dirname, 'parts/index-publisher.ts')
  const flags = ['--store', store, '--blobs', blobs, '--round', String(round)]
  const log = join(directory, 'publisher.log')
  const measured = await measure([process.execPath, program, ...flags], { log, stop })
  if (measured.exitCode !== 0) throw new Error(readFileSync(log, 'utf8').slice(-2000))
  return { ...(JSON.parse(measured.stdout) as Publication), peakBytes: measured.peakBytes }
}

function createKeeper(store: string): IndexKeeper {
  const { mirrors } = publishedConfig(store)
  const readers = [createMirrorIndexReader(mirrors[0]!, { fetch, idleMs: 10_000 })]
  return createIndexKeeper({ readers, mirrors, sha256: sha256InPieces, now: Date.now })
}

async function refresh(keeper: IndexKeeper): Promise<Refresh> {
  const stalls = monitorEventLoopDelay({ resolution: 1 })
  stalls.enable()
  const start = performance.now()
  const cpu = process.threadCpuUsage()
  const event = await keeper.refresh()
  const ms = performance.now() - start
  const { user, system } = process.threadCpuUsage(cpu)
  stalls.disable()
  if (event.outcome !== 'loaded' || event.problems.length > 0)
    throw new Error(JSON.stringify(event))
  const mainMs = (user + system) / 1000
  return { movedBytes: event.movedBytes!, ms, mainMs, longestStallMs: stalls.max / 1e6 }
}

function publishTable(rounds: readonly Publication[]): readonly (readonly string[])[] {
  const lineOf = (what: string, of: readonly Publication[]) => [
    what,
    spread(
      of.map(({ ms }) => ms),
      1,
      1000,
    ),
    spread(
      of.map(({ cpuMs }) => cpuMs),
      1,
      1000,
    ),
    spread(
      of.map(({ before }) => before),
      0,
      1e6,
    ),
    spread(
      of.map(({ peakBytes }) => peakBytes),
      0,
      1e6,
    ),
    spread(
      of.map(({ published }) => published.sizeBytes + (published.deltaBytes ?? 0)),
      1,
      1e6,
    ),
  ]
  return [
    ['publishing', 'time, s', 'CPU, s', 'MB before', 'peak, MB', 'MB to each bucket'],
    lineOf('for the first time', rounds.slice(0, 1)),
    lineOf('with one blob in a hundred changed', rounds.slice(1)),
  ]
}

function refreshTable(
  whole: readonly Refresh[],
  delta: readonly Refresh[],
): readonly (readonly string[])[] {
  const lineOf = (what: string, of: readonly Refresh[]) => [
    what,
    spread(
      of.map(({ movedBytes }) => movedBytes),
      3,
      1e6,
    ),
    spread(
      of.map(({ ms }) => ms),
      0,
    ),
    spread(
      of.map(({ mainMs }) => mainMs),
      0,
    ),
    spread(
      of.map(({ longestStallMs }) => longestStallMs),
      1,
    ),
  ]
  return [
    ['a refresh', 'MB read', 'ms', 'CPU of the main thread, ms', 'longest stall, ms'],
    lineOf('of the whole index', whole),
    lineOf('of what changed', delta),
  ]
}
