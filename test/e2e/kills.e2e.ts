import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import {
  blobsIn,
  compareIndex,
  emptyBucket,
  openUploads,
  wrongBlobs,
} from './parts/bucket-content.ts'
import { createMirrorBucket, storeClient } from './parts/buckets.ts'
import type { Blobs, BulkImage } from './parts/images-many.ts'
import { pushBulk } from './parts/images-many.ts'
import { runSyncProcess } from './parts/sync-process.ts'
import { service } from './parts/netns.ts'
import type { Registry } from './parts/registry.ts'
import { blobsServed, readRegistryLog, startRegistry } from './parts/registry.ts'

// A run may be killed at any moment. The next one goes on: it reads again only what was on its way,
// and at no moment does an index say that a mirror has what it has not.
const parts = inject('parts')
const kills = Number(process.env['NEARPORT_KILLS'] ?? 12)
const seed = Number(process.env['NEARPORT_KILLS_SEED'] ?? Date.now() % 1_000_000)
const random = createRandom(seed)
const concurrency = 8
const buckets = { 'aws/us-east-1': 'kills-us-east-1', 'aws/eu-west-1': 'kills-eu-west-1' }
const env = {
  AWS_ACCESS_KEY_ID: parts.store.accessKeyId,
  AWS_SECRET_ACCESS_KEY: parts.store.secretAccessKey,
}

let client: S3Client
let registry: Registry
let wanted: Blobs
beforeAll(async () => {
  console.log(`kills: ${kills} by the seed ${seed} (NEARPORT_KILLS, NEARPORT_KILLS_SEED)`)
  client = storeClient(parts.store)
  for (const bucket of Object.values(buckets)) await createMirrorBucket(parts.store, bucket)
  // Of its own: what others mirror is all that theirs has.
  const directory = join(parts.scratch, 'kills-registry')
  registry = await startRegistry({ host: service.names.both, port: 5010, directory })
  wanted = await pushBulk(registry.url, manyImages())
})
afterAll(async () => {
  for (const bucket of Object.values(buckets)) await emptyBucket(client, bucket)
  client.destroy()
  await registry?.stop()
})

test.for(['copy', 'tee'] as const)(
  'killed at any moment, a sync is finished by the next (%s)',
  { timeout: 60_000 + kills * 15_000 },
  async (spread) => {
    const configFile = await writeConfig(spread)
    const { tookMs } = await runSyncProcess(configFile, env)
    const due = Math.ceil(kills / 2)
    let done = 0
    while (done < due) done += await fillKilled(configFile, tookMs, due - done)
    expect(done).toBe(due)
  },
)

/**
 * Fills empty mirrors by runs that are killed, at most so many, until one ends before its kill came;
 * then by one that is not. Returns how many were killed.
 */
async function fillKilled(configFile: string, fullMs: number, most: number): Promise<number> {
  for (const bucket of Object.values(buckets)) await emptyBucket(client, bucket)
  await blobsReadSince()
  const uploaded = new Set<string>()
  const reads: string[] = []
  let killed = 0
  for (let isOver = false; !isOver;) {
    const isLast = killed === most
    const run = await runSyncProcess(configFile, env, isLast ? Infinity : random() * fullMs)
    // What served the one that was killed ends when it writes to nobody.
    await sleep(300)
    const served = await blobsReadSince()
    const repeated = served.filter((digest) => uploaded.has(digest))
    expect(repeated, `read again, though uploaded (seed ${seed})`).toEqual([])
    reads.push(...served)
    for (const step of run.steps) {
      if (step.step === 'written' && step.how === 'uploaded') uploaded.add(step.digest)
    }
    await expectHonestIndexes()
    isOver = run.exitCode !== null
    if (!isOver) killed++
    else expect(run).toMatchObject({ exitCode: 0, summary: { problems: [] } })
  }

  // Once more than each: those that were on their way when a run was killed.
  const mostReads = wanted.size + killed * concurrency
  expect(reads.length).toBeLessThanOrEqual(mostReads)
  expect(new Set(reads)).toEqual(new Set(wanted.keys()))
  await expectWholeMirrors()
  console.log(`kills: ${killed} until all was there, ${reads.length} reads of ${wanted.size} blobs`)
  return killed
}

let linesSeen = 0

/** Digests of blobs that the registry was asked for since the last call. */
async function blobsReadSince(): Promise<readonly string[]> {
  const lines = await readRegistryLog(registry)
  const news = lines.slice(linesSeen)
  linesSeen = lines.length
  return blobsServed(news).filter((digest) => wanted.has(digest as never))
}

async function expectHonestIndexes(): Promise<void> {
  for (const [id, bucket] of Object.entries(buckets)) {
    const index = await compareIndex(client, bucket, id)
    expect(index?.lacking ?? 0, `${bucket} (seed ${seed})`).toBe(0)
  }
}

async function expectWholeMirrors(): Promise<void> {
  for (const [id, bucket] of Object.entries(buckets)) {
    const there = await blobsIn(client, bucket)
    const missing = [...wanted].filter(([digest, sizeBytes]) => there.get(digest) !== sizeBytes)
    expect(missing, bucket).toEqual([])
    expect(await wrongBlobs(client, bucket)).toEqual([])
    expect(await openUploads(client, bucket)).toEqual([])
    // The canary is one more.
    expect(await compareIndex(client, bucket, id)).toEqual({ said: there.size, lacking: 0 })
  }
}

async function writeConfig(spread: string): Promise<string> {
  const folder = join(parts.scratch, `kills-${spread}`)
  await mkdir(folder)
  const configFile = join(folder, 'nearport.json')
  const config = {
    upstreams: [{ registry: registry.url }],
    mirrors: Object.entries(buckets).map(([id, bucket]) => ({
      id,
      bucket,
      endpoint: parts.store.endpoint,
      forcePathStyle: true,
      publicUrl: `${parts.store.endpoint}/${bucket}`,
    })),
    sync: { spread, concurrency },
  }
  await writeFile(configFile, JSON.stringify(config))
  return configFile
}

/** Four images with a large layer and small ones, some of which they share. */
function manyImages(): readonly BulkImage[] {
  return [40, 50, 65, 80].map((largeMiB, image) => ({
    repository: `kills/service-${image % 3}`,
    tag: `1.${image}`,
    layers: [
      { name: `large ${image}`, sizeBytes: largeMiB << 20 },
      ...Array.from({ length: 14 }, (_, at) => ({
        name: `small ${image} ${at}`,
        sizeBytes: 200 + 9_001 * at * (1 + image),
      })),
      { name: 'shared', sizeBytes: 3 << 20 },
    ],
  }))
}

function createRandom(from: number): () => number {
  let state = from
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
