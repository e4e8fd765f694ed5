import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { answers, startProcess } from '../e2e/parts/process.ts'
import type { PublishedIndex } from '../workerd/parts/published-index.ts'
import { publishIndex } from '../workerd/parts/published-index.ts'
import { describeMachine } from './parts/machine.ts'
import { cpuMsOf } from './parts/measure.ts'
import { printTable, spread } from './parts/table.ts'

export const name = 'serve'

const runs = 3
const requests = 20_000
const atOnce = 20
const ports = { host: '127.0.0.1', port: 18_080, adminPort: 19_090 }
const program = join(import.meta.dirname, '../../src/cli/main.ts')

/** `nearport serve` in a process of its own: what it takes to start, to wait and to answer blobs. */
export async function run(): Promise<void> {
  console.log(await describeMachine([[process.execPath, '--version']]))
  const rows = []
  for (const blobs of [0, 100_000, 1_000_000]) {
    const measured: Measured[] = []
    for (let n = 0; n < runs; n++) measured.push(await measure(blobs))
    const column = (digits: number, of: (one: Measured) => number) =>
      spread(measured.map(of), digits)
    rows.push([
      `${blobs}`,
      column(1, ({ startMs }) => startMs / 1000),
      column(0, ({ idleMib }) => idleMib),
      column(0, ({ busyMib }) => busyMib),
      column(3, ({ answerMs }) => answerMs),
      column(0, ({ aSecond }) => aSecond),
    ])
  }
  const head = ['blobs', 'start, s', 'idle, MiB', 'after, MiB', 'CPU a request, ms', 'a second']
  printTable([head, ...rows])
}

type Measured = {
  readonly startMs: number
  readonly idleMib: number
  readonly busyMib: number
  readonly answerMs: number
  readonly aSecond: number
}

async function measure(blobs: number): Promise<Measured> {
  const digests = Array.from({ length: Math.max(blobs, 1) }, (_, n) =>
    digestOfHex(createHash('sha256').update(`${n}`).digest('hex')),
  )
  const folder = await mkdtemp(join(tmpdir(), 'nearport-bench-'))
  let files: PublishedIndex = new Map()
  const bucket = await serveEmbedded((request) => {
    const content = files.get(new URL(request.url).pathname.slice(1))
    return Promise.resolve(new Response(content ?? null, { status: content ? 200 : 404 }))
  })
  if (blobs > 0) files = publishIndex(digests, bucket.url)
  const config = join(folder, 'nearport.json')
  await writeFile(config, JSON.stringify(configuration(bucket.url)))
  const startedMs = performance.now()
  const serving = await startProcess({
    name: 'serve',
    command: [process.execPath, program, 'serve', '--config', config],
    logs: folder,
    ready: () => answers(`http://127.0.0.1:${ports.adminPort}/livez`),
  })
  try {
    const startMs = performance.now() - startedMs
    const reason = await ask(digests[0]!)
    const wanted = blobs > 0 ? 'in-region' : 'no-index'
    if (reason !== wanted) throw new Error(`wanted ${wanted}, got ${reason}`)
    const idleMib = residentMib(serving.pid)
    // What is asked often is compiled better.
    await askMany(digests, requests / 4)
    const [cpuMs, atMs] = [cpuMsOf(serving.pid), performance.now()]
    await askMany(digests, requests)
    const answerMs = (cpuMsOf(serving.pid) - cpuMs) / requests
    const aSecond = requests / ((performance.now() - atMs) / 1000)
    return { startMs, idleMib, busyMib: residentMib(serving.pid), answerMs, aSecond }
  } finally {
    await serving.stop()
    await bucket.close()
    await rm(folder, { recursive: true })
  }
}

function configuration(publicUrl: string): object {
  return {
    ...ports,
    drainSeconds: 0,
    upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl }],
    clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
    // There is an index here and no blob.
    health: { everySeconds: 0 },
    ranges: { refreshSeconds: 0 },
  }
}

const dispatcher = new Agent({ connections: atOnce })

async function ask(digest: Digest): Promise<string | null> {
  const answer = await fetch(`http://127.0.0.1:${ports.port}/v2/app/blobs/${digest}`, {
    dispatcher,
    redirect: 'manual',
    headers: { 'x-forwarded-for': '34.240.0.1' },
  })
  await answer.arrayBuffer()
  return answer.headers.get('x-nearport-reason')
}

async function askMany(digests: readonly Digest[], count: number): Promise<void> {
  let next = 0
  const askOn = async () => {
    while (next < count) await ask(digests[(next++ * 7919) % digests.length]!)
  }
  await Promise.all(Array.from({ length: atOnce }, askOn))
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024
}
