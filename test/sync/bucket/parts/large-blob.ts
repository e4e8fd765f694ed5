import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parseConfig } from '../../../../src/config.ts'
import { digestOfHex } from '../../../../src/core/digest.ts'
import { openBucket } from '../../../../src/sync/bucket/bucket.ts'
import { verified } from '../../../../src/sync/transfer/verified.ts'

/**
 * `node test/sync/bucket/parts/large-blob.ts [GIGABYTES]`: the memory that one large blob takes on its way from
 * a stream into a store, and how long it takes. Wants less than 150 MB, whatever the size.
 */
async function main(gigabytes: number): Promise<void> {
  const sizeBytes = gigabytes * 1_000_000_000
  const hash = createHash('sha256')
  for (const chunk of chunksOf(sizeBytes)) hash.update(chunk)
  const digest = digestOfHex(hash.digest('hex'))

  const sink = fork(join(import.meta.dirname, 'part-sink.ts'))
  const [{ port }] = (await once(sink, 'message')) as [{ readonly port: number }]
  const mirror = {
    id: 'aws/us-east-1',
    bucket: 'large',
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    credentials: 'BENCH',
  }
  const upstreams = [{ registry: 'http://registry.example' }]
  const config = parseConfig({ upstreams, mirrors: [mirror] }, 'the benchmark')
  const env = { BENCH_ACCESS_KEY_ID: 'bench', BENCH_SECRET_ACCESS_KEY: 'bench' }
  const stop = new AbortController().signal
  // In parts whatever the size, so that one gigabyte shows the same.
  const multipart = { largestPutBytes: 0 }
  const bucket = openBucket(config.mirrors[0]!, { env, stop, multipart })

  const source = Readable.from(copiesOf(chunksOf(sizeBytes)), { objectMode: false })
  const body = verified(source, { digest, sizeBytes, from: 'the benchmark', onBytes() {} })
  const startMs = performance.now()
  await bucket.putBlob(digest, sizeBytes, body)
  const seconds = (performance.now() - startMs) / 1000
  const stored = await bucket.headBlob(digest)
  await bucket.close()
  sink.kill()

  const megabytes = Math.round((process.resourceUsage().maxRSS * 1024) / 1_000_000)
  const rate = Math.round(sizeBytes / 1_000_000 / seconds)
  console.log(
    `${gigabytes} GB in parts: ${seconds.toFixed(1)} s, ${rate} MB/s, at most ${megabytes} MB of memory`,
  )
  if (stored?.sizeBytes !== sizeBytes) throw new Error(`wanted ${sizeBytes} bytes in the store`)
  if (megabytes >= 150) process.exitCode = 1
}

/** The same bytes every time, and no two chunks the same. */
function* chunksOf(sizeBytes: number): Generator<Buffer> {
  const random = createHash('shake256', { outputLength: 65_536 }).update('large blob').digest()
  for (let at = 0; at < sizeBytes; at += random.length) {
    random.writeUInt32LE(at / random.length)
    yield random.subarray(0, Math.min(random.length, sizeBytes - at))
  }
}

/** As they come from a network: each in memory of its own. */
function* copiesOf(chunks: Iterable<Buffer>): Generator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

await main(Number(process.argv[2] ?? 6))
