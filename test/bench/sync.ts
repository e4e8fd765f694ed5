import { mkdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createMirrorBucket } from '../e2e/parts/buckets.ts'
import { startCeph } from '../e2e/parts/ceph.ts'
import { run as runProgram } from '../e2e/parts/process.ts'
import type { Corpus } from './parts/corpus.ts'
import { writeCorpus } from './parts/corpus.ts'
import { describeMachine } from './parts/machine.ts'
import { configureSync } from './parts/nearport.ts'
import type { BenchRegistry } from './parts/registry.ts'
import { startBenchRegistry } from './parts/registry.ts'
import { prepareSkopeo } from './parts/skopeo.ts'
import type { Cell } from './parts/sync-table.ts'
import { printSyncTable } from './parts/sync-table.ts'
import { cpuByProgram } from './parts/processes.ts'
import type { Measured } from './parts/measure.ts'
import type { Workshop } from './parts/workshop.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'sync'
export const heavy = 'beside skopeo sync: 12 GB of images, 20 GB of memory and disk, 15 minutes'

const help = `npm run bench -- sync [--scale 1] [--rounds 3] [--mirrors 1,3,12] [--concurrency N]
                      [--without skopeo] [--program FILE] [--profile DIR]

--scale 0.2       so much of 20 repositories with 10 images each
--concurrency N   nearport's sync.concurrency; default: its own default
--without skopeo  nearport alone
--program FILE    the src/cli/main.ts of another checkout is measured
--profile DIR     writes a CPU profile of every nearport run there
`

const needs = {
  'docker-registry': ['docker-registry'],
  skopeo: ['skopeo'],
  'ceph-common': ['ceph', 'radosgw-admin', 'monmaptool'],
  'ceph-mon': ['ceph-mon'],
  'ceph-osd': ['ceph-osd'],
  radosgw: ['radosgw'],
}

type Spec = Workshop & {
  readonly corpus: Corpus
  readonly upstream: BenchRegistry
  /** Where skopeo writes to: in memory, as the store is, where there is room. */
  readonly destinations: string
  readonly concurrency: number | undefined
  readonly program: string | undefined
  readonly profile: string | undefined
}

/**
 * Mirrors the same registry with `skopeo sync` and with nearport, in turns, every time into what is
 * empty, and once more with nothing new. Prints medians, spreads and what the registry was asked.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      scale: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      mirrors: { type: 'string', default: '1,3,12' },
      concurrency: { type: 'string' },
      without: { type: 'string' },
      program: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)

  await withWorkshop(needs, async (workshop) => {
    console.log(
      await describeMachine([
        ['skopeo', '--version'],
        ['radosgw', '--version'],
      ]),
    )
    const folder = join(workshop.directory, 'upstream')
    const corpus = writeCorpus(join(folder, 'data'), Number(values.scale))
    printCorpus(corpus)
    const upstream = await workshop.keep(startBenchRegistry(27_000, folder))
    const destinations = await chooseDestinations(workshop, corpus)
    const concurrency = values.concurrency === undefined ? undefined : Number(values.concurrency)
    const { program, profile } = values
    const spec = { ...workshop, corpus, upstream, destinations, concurrency, program, profile }

    const contenders: (() => Promise<Cell>)[] = values.mirrors
      .split(',')
      .map((count) => () => fillMirrors(spec, Number(count)))
    if (values.without !== 'skopeo') {
      contenders.unshift(
        () => skopeoToFolder(spec),
        () => skopeoToRegistry(spec),
      )
    }
    const cells: Cell[] = []
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const contender of contenders) {
        workshop.stop.throwIfAborted()
        const cell = await contender()
        cells.push(cell)
        console.log(`  round ${round}: ${cell.name}: ${secondsOf(cell)}`)
        // What the disk still has to write is nobody else's time.
        await runProgram(['sync'], { deadlineMs: 300_000 })
      }
    }
    printSyncTable(cells, corpus)
  })
}

async function skopeoToFolder(spec: Spec): Promise<Cell> {
  const directory = join(spec.destinations, 'skopeo-dir')
  const sync = await prepareSkopeo({ ...spec, directory, from: spec.upstream.host, ...spec.corpus })
  const place = join(directory, 'images')
  await mkdir(place)
  try {
    // There is no second time: it refuses a folder that holds anything.
    return await once('skopeo sync to a folder', spec, () => sync(['dir', place]))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function skopeoToRegistry(spec: Spec): Promise<Cell> {
  const directory = join(spec.destinations, 'skopeo-registry')
  const sync = await prepareSkopeo({ ...spec, directory, from: spec.upstream.host, ...spec.corpus })
  const registry = await spec.keep(startBenchRegistry(27_001, join(directory, 'registry')))
  try {
    const to = ['docker', registry.host] as const
    return await twice('skopeo sync to a registry', spec, () => sync(to))
  } finally {
    await registry.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** A store of its own each time: Ceph frees what was deleted only hours later. */
async function fillMirrors(spec: Spec, count: number): Promise<Cell> {
  const folder = join(spec.directory, 'store')
  const capacityBytes = 64 * 2 ** 30
  const ceph = await spec.keep(startCeph({ port: 27_100, directory: folder, capacityBytes }))
  try {
    const buckets = Array.from({ length: count }, (_, at) => `mirror-${at}`)
    for (const bucket of buckets) await createMirrorBucket(ceph, bucket)
    const directory = join(spec.directory, `nearport-${count}`)
    const { repositories } = spec.corpus
    const { sync } = await configureSync({
      ...spec,
      directory,
      registryUrl: spec.upstream.url,
      repositories,
      store: ceph,
      buckets,
    })
    // Ceph makes its pools at the first object: 2 s that no store in use takes.
    await fetch(`${ceph.endpoint}/${buckets[0]}`)
    return await twice(`nearport to ${count} ${count === 1 ? 'mirror' : 'mirrors'}`, spec, sync)
  } finally {
    await ceph.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function secondsOf({ first, again }: Cell): string {
  const text = `${(first.wallMs / 1000).toFixed(2)} s`
  return again === undefined ? text : `${text}, again ${(again.wallMs / 1000).toFixed(2)} s`
}

type Work = () => Promise<Measured>

async function once(what: string, spec: Spec, sync: Work): Promise<Cell> {
  await spec.upstream.take()
  const before = cpuByProgram('nearport-bench-')
  const first = await sync()
  const after = cpuByProgram('nearport-bench-')
  const cpuMs = new Map([...after].map(([each, ms]) => [each, ms - (before.get(each) ?? 0)]))
  return { name: what, first, firstAsked: await spec.upstream.take(), cpuMs }
}

async function twice(what: string, spec: Spec, sync: Work): Promise<Cell> {
  const cell = await once(what, spec, sync)
  const again = await sync()
  return { ...cell, again, againAsked: await spec.upstream.take() }
}

async function chooseDestinations({ directory, keep }: Workshop, corpus: Corpus): Promise<string> {
  const memory = await statfs('/dev/shm').catch(() => undefined)
  const room = memory === undefined ? 0 : memory.bavail * memory.bsize
  if (room < 1.2 * corpus.imageBytes) return directory
  const folder = join('/dev/shm', `nearport-bench-${process.pid}`)
  await mkdir(folder)
  await keep(Promise.resolve({ stop: () => rm(folder, { recursive: true, force: true }) }))
  return folder
}

function printCorpus({ repositories, images, imageBytes, blobs, uniqueBytes }: Corpus): void {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  const unique = `${blobs} blobs of ${gigabytes(uniqueBytes)}`
  console.log(
    `${images} images in ${repositories.length} repositories, ${gigabytes(imageBytes)}; ${unique}\n`,
  )
}
