import { parseArgs } from 'node:util'
import { Agent } from 'undici'
import { DigestMap } from '../../../src/core/digest-map.ts'
import type { SyncEvent } from '../../../src/core/sync-event.ts'
import { openBucket } from '../../../src/sync/bucket/bucket.ts'
import { putCanary } from '../../../src/sync/publish/canary.ts'
import { publishRun } from '../../../src/sync/publish/publish-run.ts'
import { createRecorder } from '../../../src/sync/recorder.ts'
import { usualPatience } from '../../../src/sync/upstream/retry-policy.ts'
import { publishedConfig, publishedDigest } from './published-index.ts'

// What a sync does at its end, in a process of its own, as each sync is one: from what every bucket
// lists and the manifests say to an index that is published in all of them. Says on standard output
// what that took, but for making up what was listed.

const { values } = parseArgs({
  options: { store: { type: 'string' }, blobs: { type: 'string' }, round: { type: 'string' } },
})
const [blobs, round] = [Number(values.blobs), Number(values.round)]
const config = publishedConfig(values.store!)
const env = { BENCH_ACCESS_KEY_ID: 'bench', BENCH_SECRET_ACCESS_KEY: 'bench' }
const { signal: stop } = new AbortController()

/** As large as its place says, so that all agree; in order, or with a stride from one to the next. */
function listAll(stride = 1): DigestMap {
  const listed = new DigestMap()
  for (let n = 0; n < blobs; n++) {
    const at = (n * stride) % blobs
    listed.set(publishedDigest(at, blobs, round), 1000 + at)
  }
  return listed
}

// Manifests name blobs in an order of their own: a prime that no number of blobs has in it.
const known = listAll(7919)
const examined = await Promise.all(
  config.mirrors.map(async (mirror) => {
    const bucket = openBucket(mirror, { env, stop })
    await putCanary(bucket)
    return { id: mirror.id, bucket, serves: true, listing: listAll() }
  }),
)

const events: SyncEvent[] = []
const recorder = createRecorder({ now: Date.now, record: (event) => void events.push(event) })
const before = process.memoryUsage.rss()
const start = performance.now()
const cpu = process.cpuUsage()
await publishRun(examined, {
  config,
  knownBytes: (digest) => known.get(digest),
  spoiled: new Map(),
  recorder,
  settings: { dispatcher: new Agent(), patience: usualPatience, stop, now: Date.now },
})
const ms = performance.now() - start
const { user, system } = process.cpuUsage(cpu)
if (recorder.problems.length > 0) throw new Error(JSON.stringify(recorder.problems))
const published = events.find(({ step }) => step === 'published')
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000, before, published }))
process.exit(0)
