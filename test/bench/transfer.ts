import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'undici'
import { parseConfig } from '../../src/config.ts'
import type { Digest } from '../../src/core/digest.ts'
import type { BlobWork } from '../../src/core/plan.ts'
import { openBucket } from '../../src/sync/bucket/bucket.ts'
import { createRecorder } from '../../src/sync/recorder.ts'
import { usualPatience } from '../../src/sync/upstream/retry-policy.ts'
import { transfer } from '../../src/sync/transfer/transfer.ts'
import { createUpstreamClient } from '../../src/sync/upstream/upstream.ts'
import { bytesFor } from './parts/transfer-servers.ts'

export const name = 'transfer'

const env = { BENCH_ACCESS_KEY_ID: 'key', BENCH_SECRET_ACCESS_KEY: 'secret' }
const ids = ['aws/us-east-1', 'aws/us-west-2', 'aws/eu-west-1']

type Round = {
  readonly name: string
  readonly blobBytes: number
  readonly blobs: number
  readonly mirrors: number
  readonly inRanges?: boolean
}

const rounds: readonly Round[] = [
  { name: '1 mirror, large', blobBytes: 64 * 1024 ** 2, blobs: 16, mirrors: 1 },
  {
    name: '1 mirror, large, in ranges',
    blobBytes: 256 * 1024 ** 2,
    blobs: 4,
    mirrors: 1,
    inRanges: true,
  },
  { name: '3 mirrors, large', blobBytes: 64 * 1024 ** 2, blobs: 16, mirrors: 3 },
  { name: '1 mirror, middling', blobBytes: 1024 ** 2, blobs: 512, mirrors: 1 },
  { name: '1 mirror, small', blobBytes: 10_000, blobs: 2000, mirrors: 1 },
  { name: '3 mirrors, small', blobBytes: 10_000, blobs: 2000, mirrors: 3 },
]

/**
 * Prints what it costs this process to bring blobs from a registry to stores that do nothing: each
 * is a process of its own.
 */
export async function run(): Promise<void> {
  const servers = fork(new URL('parts/transfer-servers.ts', import.meta.url), ['serve'])
  const [{ sourceUrl, sinkUrl }] = (await once(servers, 'message')) as [
    { readonly sourceUrl: string; readonly sinkUrl: string },
  ]
  try {
    console.log('  teed to        blobs of        MB/s    blobs/s   CPU s per GB   CPU ms a blob')
    for (const round of rounds) await measure(round, sourceUrl, sinkUrl)
  } finally {
    servers.kill()
  }
}

async function measure(round: Round, sourceUrl: string, sinkUrl: string): Promise<void> {
  const { blobBytes, blobs, mirrors, inRanges = false } = round
  const config = parseConfig(
    {
      upstreams: [{ registry: sourceUrl }],
      mirrors: ids.slice(0, mirrors).map((id, at) => ({
        id,
        bucket: `bench-${at}`,
        endpoint: sinkUrl,
        forcePathStyle: true,
        credentials: 'BENCH',
      })),
    },
    'the bench',
  )
  const stop = new AbortController().signal
  const dispatcher = new Agent()
  const settings = { dispatcher, patience: usualPatience, stop, now: Date.now }
  const upstream = createUpstreamClient(config.upstreams[0]!, settings)
  const buckets = new Map(config.mirrors.map((each) => [each.id, openBucket(each, { env, stop })]))
  const recorder = createRecorder({ now: Date.now, record: () => {} })
  const move = (works: readonly BlobWork[]) =>
    transfer(works, {
      buckets,
      openUpstream: (repository, blob, range) =>
        upstream.openBlob(repository, blob.digest, blob.sizeBytes, range),
      recorder,
      concurrency: 8,
      spread: 'tee',
      ranges: { fromBytes: inRanges ? 1 : Infinity, atOnce: 4 },
      stop,
      now: Date.now,
      pause: async () => {},
    })
  const lacking = ids.slice(0, mirrors)
  const works = Array.from({ length: blobs }, (_, n): BlobWork => {
    const digest = digestOfBlob(n, blobBytes)
    return {
      digest,
      sizeBytes: blobBytes,
      repositories: [`bench-${n}-${blobBytes}`],
      lacking,
      replacing: [],
      having: [],
    }
  })

  // The first are for the compiler.
  await move(works.slice(0, Math.max(1, blobs >> 3)))
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  await move(works)
  const seconds = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(startCpu)
  const cpu = (user + system) / 1e6
  if (recorder.problems.length > 0) throw new Error(recorder.problems[0]!.message)
  for (const bucket of buckets.values()) await bucket.close()
  await dispatcher.destroy()

  const gigabytes = (blobs * blobBytes) / 1e9
  console.log(
    [
      `  ${round.name.padEnd(28)}`,
      String(Math.round((gigabytes * 1000) / seconds)).padStart(6),
      (blobs / seconds).toFixed(0).padStart(9),
      (cpu / gigabytes).toFixed(2).padStart(12),
      ((cpu * 1000) / blobs).toFixed(2).padStart(14),
    ].join(' '),
  )
}

function digestOfBlob(n: number, sizeBytes: number): Digest {
  const hash = createHash('sha256')
  for (const chunk of bytesFor(n, 0, sizeBytes - 1)) hash.update(chunk)
  return `sha256:${hash.digest('hex')}` as Digest
}
