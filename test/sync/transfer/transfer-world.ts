import { createHash } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { request } from 'undici'
import { parseConfig } from '../../../src/config.ts'
import type { Digest } from '../../../src/core/digest.ts'
import type { BlobWork } from '../../../src/core/plan.ts'
import type { SyncEvent } from '../../../src/core/sync-event.ts'
import type { Observed } from '../../../src/embedded/observe.ts'
import type { Registry } from '../../../src/embedded/registry.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import type { Store } from '../../../src/embedded/store.ts'
import { createStore } from '../../../src/embedded/store.ts'
import { openBucket } from '../../../src/sync/bucket/bucket.ts'
import type { Problem } from '../../../src/sync/recorder.ts'
import { createRecorder } from '../../../src/sync/recorder.ts'
import type { Transferred, TransferDeps } from '../../../src/sync/transfer/transfer.ts'
import { transfer } from '../../../src/sync/transfer/transfer.ts'
import { UpstreamError } from '../../../src/sync/upstream/upstream-error.ts'
import { credentials, env, mirrorOf, publicPrefixes, serve } from '../world.ts'

/** The mirrors: two in one store, one in another. */
export const [east, middle, west] = ['aws/us-east-1', 'aws/us-west-2', 'aws/eu-west-1'] as const
export const mirrors = [east, middle, west]

/** A registry, and three mirrors in two stores, with nothing but the transfer between them. */
export type TransferWorld = {
  readonly registry: Registry
  readonly storeOf: (mirror: string) => Store
  readonly put: (bytes: Buffer, ...mirrors: readonly string[]) => BlobWork
  readonly object: (mirror: string, digest: string) => Buffer | undefined
  readonly run: (work: Iterable<BlobWork>, options?: Partial<TransferDeps>) => Promise<Moving>
  /** Bytes of blobs that the registry sent. */
  readonly sentBytes: () => number
  readonly openUploads: () => number
}

export type Moving = Transferred & {
  readonly problems: readonly Problem[]
  readonly events: readonly SyncEvent[]
}

const keyOf = (digest: string) => `containers/images/${digest}`
const bucketOf = (mirror: string) => `mirror-${mirror.slice('aws/'.length)}`

/** Creates the world, which ends with the test. */
export async function createTransferWorld(): Promise<TransferWorld> {
  const registry = createRegistry()
  const [near, far] = [createStore(credentials), createStore(credentials)]
  let sentBytes = 0
  // Outside of what a test puts in the way.
  const answer = registry.fetch
  Object.assign(registry, {
    fetch: async (asked: Request) => {
      const response = await answer(asked)
      if (asked.url.includes('/blobs/') && response.ok) {
        sentBytes += Number(response.headers.get('content-length'))
      }
      return response
    },
  })

  const registryUrl = await serve(registry)
  const [nearUrl, farUrl] = [await serve(near), await serve(far)]
  const storeOf = (mirror: string) => (mirror === west ? far : near)
  for (const each of mirrors) storeOf(each).createBucket(bucketOf(each), { publicPrefixes })
  const config = parseConfig(
    {
      upstreams: [{ registry: registryUrl }],
      mirrors: mirrors.map((each) =>
        mirrorOf(each.slice('aws/'.length), each === west ? farUrl : nearUrl),
      ),
    },
    'the test',
  )
  const stop = new AbortController().signal
  const buckets = new Map(config.mirrors.map((each) => [each.id, openBucket(each, { env, stop })]))
  onTestFinished(async () => {
    for (const bucket of buckets.values()) await bucket.close()
  })
  return {
    registry,
    storeOf,
    openUploads: () =>
      mirrors.reduce((sum, each) => sum + storeOf(each).openUploads(bucketOf(each)), 0),
    sentBytes: () => sentBytes,
    object(mirror, digest) {
      const object = storeOf(mirror).findObject(bucketOf(mirror), keyOf(digest))
      return object === undefined ? undefined : Buffer.from(object.bytes)
    },
    put(bytes, ...having) {
      registry.putBlob(bytes, { repository: 'app' })
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
      for (const each of having) storeOf(each).putObject(bucketOf(each), keyOf(digest), bytes)
      const lacking = mirrors.filter((each) => !having.includes(each))
      const sizeBytes = bytes.length
      return { digest, sizeBytes, repositories: ['app'], lacking, replacing: [], having }
    },
    async run(work, options = {}) {
      const events: SyncEvent[] = []
      const recorder = createRecorder({ now: Date.now, record: (event) => void events.push(event) })
      const moved = await transfer(work, {
        buckets,
        recorder,
        concurrency: 2,
        spread: 'copy',
        ranges: { fromBytes: 1024 ** 3, atOnce: 3 },
        stop,
        now: Date.now,
        pause: async () => {},
        openUpstream: async (repository, { digest }, range) => {
          const { statusCode, headers, body } = await request(
            `${registryUrl}/v2/${repository}/blobs/${digest}`,
            { headers: range === undefined ? {} : { range: `bytes=${range.first}-${range.last}` } },
          )
          body.on('error', () => {})
          const length = headers['content-length']
          const isPartial = statusCode === 206
          if (statusCode === 200 || isPartial) {
            const lengthBytes = length === undefined ? undefined : Number(length)
            return { body, lengthBytes, isPartial }
          }
          await body.dump()
          const status = statusCode
          throw new UpstreamError('status', `upstream answered ${status}`, { status })
        },
        ...options,
      })
      return { ...moved, problems: recorder.problems, events }
    },
  }
}

/** Bytes of which no part is like another, the same each time. */
export function bytesOf(sizeBytes: number, seed = 0): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let word = seed
  for (let at = 0; at < words.length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) | 0
    words[at] = word
  }
  return Buffer.from(words.buffer, 0, sizeBytes)
}

/** How many copies a store was asked for. */
export function copiesAt(store: Observed): number {
  return store.requests.filter(({ headers }) => 'x-amz-copy-source' in headers).length
}
