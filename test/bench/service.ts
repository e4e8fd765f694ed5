import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOfHex } from '../../src/core/digest.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import type { CommandLine } from '../e2e/parts/process.ts'
import { answers, run as runCommand, startProcess } from '../e2e/parts/process.ts'
import type { PublishedIndex } from '../workerd/parts/published-index.ts'
import { publishIndex } from '../workerd/parts/published-index.ts'
import { describeMachine } from './parts/machine.ts'
import { cpuMsOf } from './parts/measure.ts'
import { printTable, spread } from './parts/table.ts'

export const name = 'service'
export const heavy = 'two minutes, two cores, and Debian’s wrk and nginx'

const rounds = 10
const seconds = 3
const connections = 64
const blobs = 100_000
/** The server has one core to itself, and so has who asks. */
const serverCore = '0'
const clientCore = '1'

const digest = digestOfHex(createHash('sha256').update('0').digest('hex'))
const path = `/v2/app/blobs/${digest}`
const program = join(import.meta.dirname, '../../src/cli/main.ts')

/**
 * Redirects of a blob that a mirror holds, as many as one core answers: beside nginx with one fixed
 * `return 307`, and node:http with one fixed answer. Rounds are interleaved, so that a slow moment of
 * the machine is everyone's.
 */
export async function run(): Promise<void> {
  const versions: readonly CommandLine[] = [
    [process.execPath, '--version'],
    ['sh', '-c', 'nginx -v 2>&1'],
    ['sh', '-c', 'dpkg-query -W -f "wrk ${Version}" wrk'],
  ]
  console.log(await describeMachine(versions))
  const folder = await mkdtemp(join(tmpdir(), 'nearport-bench-'))
  let files: PublishedIndex = new Map()
  const bucket = await serveEmbedded((request) => {
    const content = files.get(new URL(request.url).pathname.slice(1))
    return Promise.resolve(new Response(content ?? null, { status: content ? 200 : 404 }))
  })
  const held = Array.from({ length: blobs }, (_, n) =>
    digestOfHex(createHash('sha256').update(`${n}`).digest('hex')),
  )
  files = publishIndex(held, bucket.url)
  const contenders = await startAll(folder, bucket.url)
  try {
    for (const { url } of contenders) await ask(url, 1)
    const measured = contenders.map(() => [] as Round[])
    for (let round = 0; round < rounds; round++) {
      for (const [at, { url, pid }] of contenders.entries()) {
        const before = cpuMsOf(pid)
        const answered = await ask(url, seconds)
        const cpuUs = ((cpuMsOf(pid) - before) * 1000) / answered.requests
        measured[at]!.push({ ...answered, cpuUs })
      }
    }
    print(
      contenders.map((each) => each.name),
      measured,
    )
  } finally {
    for (const { stop } of contenders) await stop()
    await bucket.close()
    await rm(folder, { recursive: true })
  }
}

type Contender = {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

async function startAll(folder: string, publicUrl: string): Promise<readonly Contender[]> {
  const config = join(folder, 'nearport.json')
  await writeFile(
    config,
    JSON.stringify({
      host: '127.0.0.1',
      port: 18_080,
      adminPort: 19_090,
      drainSeconds: 0,
      upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
      mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl }],
      clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
      health: { everySeconds: 0 },
      ranges: { refreshSeconds: 0 },
    }),
  )
  const nginx = join(folder, 'nginx.conf')
  const location = `${publicUrl}/containers/images/${digest}`
  await writeFile(
    nginx,
    `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen 127.0.0.1:18081; location / { return 307 ${location}; } }
}
`,
  )
  const bare = join(folder, 'bare.mjs')
  await writeFile(
    bare,
    `import { createServer } from 'node:http'
const headers = { Location: '${location}', 'Content-Length': '0', 'Cache-Control': 'no-store' }
createServer((_, answer) => answer.writeHead(307, headers).end()).listen(18082, '127.0.0.1')
`,
  )
  const start = async (each: string, port: number, command: CommandLine, ready: string) => {
    const { pid, stop } = await startProcess({
      name: each.replace(/\W/g, '-'),
      command: ['taskset', '-c', serverCore, ...command],
      logs: folder,
      ready: () => answers(ready),
    })
    return { name: each, url: `http://127.0.0.1:${port}${path}`, pid, stop }
  }
  return [
    await start(
      'nearport',
      18_080,
      [process.execPath, program, 'serve', '--config', config],
      'http://127.0.0.1:19090/livez',
    ),
    await start(
      'nginx, return 307',
      18_081,
      // The one process is the worker: a master would answer nothing, and be measured.
      ['nginx', '-p', folder, '-c', nginx, '-g', 'master_process off;'],
      'http://127.0.0.1:18081/',
    ),
    await start(
      'node:http, one answer',
      18_082,
      [process.execPath, bare],
      'http://127.0.0.1:18082/',
    ),
  ]
}

type Answered = {
  readonly requests: number
  readonly aSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}
type Round = Answered & { readonly cpuUs: number }

async function ask(url: string, forSeconds: number): Promise<Answered> {
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${forSeconds}s`, '--latency'] as const
  const from = ['-H', 'x-forwarded-for: 34.240.0.1'] as const
  const { stdout } = await runCommand(['taskset', '-c', clientCore, ...wrk, ...from, url])
  if (/Non-2xx or 3xx|Socket errors/.test(stdout))
    throw new Error(`wanted redirects alone:\n${stdout}`)
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1])
  return {
    requests: number(/(\d+) requests in/),
    aSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
    p99Ms: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
  }
}

const inMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 }

function milliseconds(match: RegExpExecArray | null): number {
  return match === null ? Number.NaN : Number(match[1]) * inMs[match[2]!]!
}

function print(names: readonly string[], measured: readonly (readonly Round[])[]): void {
  const [, nginx, bare] = measured
  const column = (at: number, digits: number, of: (round: Round, index: number) => number) =>
    spread(measured[at]!.map(of), digits)
  printTable([
    ['one core', 'a second', '× nginx', '× node:http', 'CPU a request, µs', 'p50, ms', 'p99, ms'],
    ...names.map((each, at) => [
      each,
      column(at, 0, ({ aSecond }) => aSecond),
      column(at, 2, ({ aSecond }, round) => aSecond / nginx![round]!.aSecond),
      column(at, 2, ({ aSecond }, round) => aSecond / bare![round]!.aSecond),
      column(at, 1, ({ cpuUs }) => cpuUs),
      column(at, 2, ({ p50Ms }) => p50Ms),
      column(at, 2, ({ p99Ms }) => p99Ms),
    ]),
  ])
}
