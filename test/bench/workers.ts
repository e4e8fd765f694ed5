import { createHash } from 'node:crypto'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import type { Bundle } from '../workerd/parts/bundle.ts'
import { bundleWorker } from '../workerd/parts/bundle.ts'
import { eventIn } from '../workerd/parts/place.ts'
import type { PublishedIndex } from '../workerd/parts/published-index.ts'
import { publishIndex } from '../workerd/parts/published-index.ts'
import { startWorker } from '../workerd/parts/start-worker.ts'
import { waitUntil } from '../e2e/parts/process.ts'
import { describeMachine } from './parts/machine.ts'
import { printTable, spread } from './parts/table.ts'
import type { MeasuredProcess } from './parts/workerd-process.ts'
import { workerdProcess } from './parts/workerd-process.ts'

export const name = 'workers'

/** A Worker that does nothing but answer as nearport does: what is above it is nearport's. */
const nothing: Bundle['modules'] = [
  {
    type: 'ESModule',
    path: 'worker.js',
    contents: Buffer.from(`export default { fetch: () => new Response(null, {
      status: 307,
      headers: { Location: 'http://127.0.0.1/', 'Content-Length': '0', 'Cache-Control': 'no-store' },
    }) }`),
  },
]
const runs = 3
const requests = 3000
const usualBlobs = 100_000
const mostBlobs = 1_000_000

/** The Worker in workerd: what it takes to start, to answer, and to hold an index. */
export async function run(): Promise<void> {
  console.log(await describeMachine([[process.execPath, '--version']]))
  const bundle = await bundleWorker()
  const empty = { ...bundle, modules: nothing }
  console.log(`the Worker is ${(bundle.compressedBytes / 1000).toFixed(0)} KB compressed\n`)

  const usual: Pair[] = []
  const large: Pair[] = []
  for (let n = 0; n < runs; n++) {
    // One after the other, so that what else the machine does is shared.
    usual.push([await measure(empty, usualBlobs, false), await measure(bundle, usualBlobs, true)])
    large.push([await measure(empty, mostBlobs, false), await measure(bundle, mostBlobs, true)])
  }
  printTable([
    ['', 'a Worker that does nothing', 'nearport', 'nearport’s own'],
    ['CPU of a start and a first request, ms', ...compared(usual, 0, ({ startMs }) => startMs)],
    ['CPU of a request, 100,000 blobs, ms', ...compared(usual, 3, ({ answerMs }) => answerMs)],
    ['memory, 100,000 blobs, MB', ...compared(usual, 0, ({ residentMb }) => residentMb)],
    ['memory, 1,000,000 blobs, MB', ...compared(large, 0, ({ residentMb }) => residentMb)],
  ])
}

type Measured = {
  readonly startMs: number
  readonly answerMs: number
  readonly residentMb: number
}
type Pair = readonly [nothing: Measured, nearport: Measured]

function compared(
  pairs: readonly Pair[],
  digits: number,
  of: (measured: Measured) => number,
): string[] {
  const column = (pick: (pair: Pair) => number) => spread(pairs.map(pick), digits)
  return [
    column(([without]) => of(without)),
    column(([, ours]) => of(ours)),
    column(([without, ours]) => of(ours) - of(without)),
  ]
}

async function measure(bundle: Bundle, blobs: number, isOurs: boolean): Promise<Measured> {
  const digests = firstDigests(blobs)
  const bucket = await serveIndex(digests)
  const config = {
    upstreams: [{ registry: 'http://upstream.example' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: bucket.url }],
  }
  const worker = await startWorker(bundle, config, { bindings: { LOG_SHARE: '0' } })
  try {
    const workerd = workerdProcess()
    const ask = (digest: Digest) =>
      fetch(`${worker.url}/v2/app/blobs/${digest}`, {
        redirect: 'manual',
        headers: { 'cf-connecting-ip': '34.240.0.1' },
      })
    await ask(digests[0]!)
    const startMs = workerd.cpuMs()
    if (isOurs) {
      await waitUntil('an index', () =>
        Promise.resolve(worker.lines.flatMap(eventIn).some((event) => event['blobs'] === blobs)),
      )
      const reason = (await ask(digests[0]!)).headers.get('x-nearport-reason')
      if (reason !== 'in-region') throw new Error(`wanted in-region, got ${reason}`)
    }
    const answerMs = blobs > usualBlobs ? 0 : await cpuPerRequest(workerd, digests, ask)
    return { startMs, answerMs, residentMb: workerd.residentMb() }
  } finally {
    await worker.stop()
    await bucket.close()
  }
}

/** After as many that are not counted: what is asked often is compiled better. */
async function cpuPerRequest(
  workerd: MeasuredProcess,
  digests: readonly Digest[],
  ask: (digest: Digest) => Promise<Response>,
): Promise<number> {
  let beforeMs = 0
  for (let n = 0; n < 2 * requests; n += 10) {
    if (n === requests) beforeMs = workerd.cpuMs()
    const some = Array.from({ length: 10 }, (_, m) => digests[((n + m) * 7919) % digests.length]!)
    await Promise.all(some.map(ask))
  }
  return (workerd.cpuMs() - beforeMs) / requests
}

async function serveIndex(digests: readonly Digest[]) {
  let files: PublishedIndex = new Map()
  const bucket = await serveEmbedded((request) => {
    const content = files.get(new URL(request.url).pathname.slice(1))
    return Promise.resolve(new Response(content ?? null, { status: content ? 200 : 404 }))
  })
  files = publishIndex(digests, bucket.url)
  return bucket
}

let made: readonly Digest[] | undefined

/** Made where they are wanted: whoever measures something else has none of them. */
function firstDigests(count: number): readonly Digest[] {
  made ??= Array.from({ length: mostBlobs }, (_, n) =>
    digestOfHex(createHash('sha256').update(`${n}`).digest('hex')),
  )
  return made.slice(0, count)
}
