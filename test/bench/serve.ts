import { truncate } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { run as runProgram } from '../e2e/parts/process.ts'
import { blobAsks, firstAsk } from './parts/asks.ts'
import { residentBytesOf } from './parts/measure.ts'
import type { Table } from './parts/performance-page.ts'
import type { PinnedServer } from './parts/pinned.ts'
import { pinToClientCore, startPinned } from './parts/pinned.ts'
import { checkRedirects, inMirror } from './parts/redirects.ts'
import type { ServedIndex } from './parts/served-index.ts'
import { serveIndex } from './parts/served-index.ts'
import type { StartProgram } from './parts/start-programs.ts'
import { buildPackage, fromCheckout, writeBareServer } from './parts/start-programs.ts'
import type { Starts } from './parts/starts.ts'
import { addStart, emptyStarts } from './parts/starts.ts'
import { medianOf, publishTables, spread } from './parts/table.ts'
import type { Workshop } from './parts/workshop.ts'
import { withWorkshop } from './parts/workshop.ts'
import { prepareWrk } from './parts/wrk.ts'

export const name = 'serve'

const help = 'npm run bench -- serve [--runs 10] [--millions 0]\n'
const port = 18_180
/** Answered once each before memory is read: by then what answers them is compiled. */
const asked = 1024

/**
 * From exec to the first redirect of a blob that a mirror holds, and the memory that then is resident:
 * from the checkout and from the package, by the size of the index, beside a Node that does nothing
 * and a bare server of node:http. Rounds are interleaved. With `--millions`, so many million requests
 * more (Debian's wrk), with memory after each, and beside it the same where malloc gives more back.
 */
export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '10' },
      millions: { type: 'string', default: '0' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return void process.stdout.write(help)
  const millions = Number(values.millions)
  await withWorkshop(millions > 0 ? { wrk: ['wrk'] } : {}, async (workshop) => {
    await pinToClientCore()
    const nearport = { checkout: fromCheckout, package: buildPackage(workshop.directory) }
    const floors = await measureFloors(workshop, Number(values.runs))
    const rows = []
    for (const blobs of [0, 100_000, 1_000_000]) {
      const measured = await measureStarts(workshop, nearport, blobs, Number(values.runs))
      rows.push(...measured.map((each) => rowOf(`${each.name}, ${blobs} blobs`, each, floors)))
    }
    const tables: Table[] = [
      [
        head,
        rowOf('node -e 0', floors.nothing, floors),
        rowOf('bare node:http', floors.bare, floors),
        ...rows,
      ],
    ]
    if (millions > 0) tables.push(await measureMillions(workshop, nearport.package, millions))
    publishTables('serve', tables, [`${values.runs} starts of each`])
  })
}

const head = ['', 'to the answer, ms', '× bare', 'CPU to it, ms', 'resident, MB']

type Floors = { readonly nothing: Starts; readonly bare: Starts }

function rowOf(label: string, starts: Starts, { bare }: Floors): readonly string[] {
  const { startsMs, cpuMs, residentBytes } = starts
  const times = (medianOf(startsMs) / medianOf(bare.startsMs)).toFixed(2)
  const some = (values: readonly number[], unit = 1) =>
    values.length === 0 ? '' : spread(values, 0, unit)
  return [label, some(startsMs), times, some(cpuMs), some(residentBytes, 1e6)]
}

async function measureFloors(workshop: Workshop, runs: number): Promise<Floors> {
  const start = writeBareServer(workshop.directory)
  const first = { asked: 'GET / HTTP/1.1\r\nHost: bare.example\r\n\r\n', wanted: 'bare.example' }
  const nothing: number[] = []
  const bare = emptyStarts('bare')
  for (let at = 0; at < runs; at++) {
    const { tookMs } = await runProgram(['taskset', '-c', '0', process.execPath, '-e', '0'])
    nothing.push(tookMs)
    await addStart(bare, workshop, start('', port), first)
  }
  return { nothing: { ...emptyStarts('nothing'), startsMs: nothing }, bare }
}

async function measureStarts(
  workshop: Workshop,
  programs: Readonly<Record<string, StartProgram>>,
  blobs: number,
  runs: number,
): Promise<readonly Starts[]> {
  const index = await serveBlobs(workshop, blobs)
  const asks = blobAsks(index.digests)
  const first = firstAsk(asks[0]!, blobs > 0 ? index.mirrorUrl : 'upstream.example')
  const measured = Object.keys(programs).map(emptyStarts)
  for (let at = 0; at < runs; at++) {
    for (const starts of measured) {
      const recipe = programs[starts.name]!(index.config, port)
      await addStart(starts, workshop, recipe, first, async () => {
        if (blobs > 0) await checkRedirects(port, asks, inMirror(index.mirrorUrl))
      })
    }
  }
  await index.close()
  return measured
}

/** With no blobs there is no index: one of a single mirror that holds what nobody asks for is none. */
async function serveBlobs(
  { directory }: Workshop,
  blobs: number,
  at: number = port,
): Promise<ServedIndex> {
  const spec = { folder: directory, port: at, blobs: Math.max(blobs, asked), mirrors: 1, asked }
  const index = await serveIndex(spec)
  if (blobs === 0) await index.close()
  return blobs === 0 ? { ...index, close: async () => {} } : index
}

/** What has glibc give back what V8's compiler is done with (docs/operations.md, Sizing). */
const givingBack = { MALLOC_MMAP_THRESHOLD_: '32768' }

/** As it is, and as where memory is short, by turns. */
async function measureMillions(
  workshop: Workshop,
  start: StartProgram,
  millions: number,
): Promise<Table> {
  const [setting] = Object.entries(givingBack).map((pair) => pair.join('='))
  const asIs = await startForMillions(workshop, start, 'as-it-is', port)
  const short = await startForMillions(workshop, start, 'giving-back', port + 1, givingBack)
  const rows = [['the package, 100,000 blobs: resident, MB', 'as it is', setting!]]
  for (let whole = 0; whole <= millions; whole++) {
    const resident = [await asIs.serve(whole * 1e6), await short.serve(whole * 1e6)]
    rows.push([`after ${whole} million requests`, ...resident.map(megabytes)])
  }
  await asIs.end()
  await short.end()
  return rows
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

async function startForMillions(
  workshop: Workshop,
  start: StartProgram,
  label: string,
  at: number,
  env?: Readonly<Record<string, string>>,
) {
  const { directory, keep, stop } = workshop
  const index = await serveBlobs(workshop, 100_000, at)
  const asks = blobAsks(index.digests)
  const first = firstAsk(asks[0]!, index.mirrorUrl)
  const recipe = { ...start(index.config, at), name: label, ...(env === undefined ? {} : { env }) }
  const server: PinnedServer = await keep(startPinned(recipe, directory, first))
  const ask = await prepareWrk(directory, label, asks)
  let done = 0
  return {
    /** Has it answer until it answered so many, and tells its resident bytes. */
    async serve(requests: number): Promise<number> {
      while (done < requests) {
        stop.throwIfAborted()
        done += (await ask(at, { connections: 64, seconds: 5 })).requests
        // Three gigabytes of lines, else.
        await truncate(server.log)
      }
      return residentBytesOf(server.pid)
    },
    async end(): Promise<void> {
      await server.stop()
      await index.close()
    },
  }
}
