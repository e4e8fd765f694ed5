import { createHash } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { faultFor, refusing } from '../../../src/embedded/store-fault.ts'
import type { Store } from '../../../src/embedded/store.ts'
import { clearStaleUploads } from '../../../src/sync/bucket/bucket-stale-uploads.ts'
import { digestOf } from '../../../src/sync/content-digest.ts'
import type { RunIdentity } from '../../../src/sync/bucket/run-lease.ts'
import {
  createRunIdentity,
  createRunLease,
  isProcessAlive,
} from '../../../src/sync/bucket/run-lease.ts'
import { createBucket, name, openMirror, smallParts, streamOf } from './bucket-world.ts'
import { mirrorOf } from '../world.ts'

const bytes = createHash('shake256', { outputLength: 30_001 }).update('a large blob').digest()
const digest = digestOf(bytes)
const minute = 60_000
const hour = 60 * minute

const identity = (run: string, host: string, pid: number): RunIdentity => ({
  run,
  host,
  pid,
  startedAt: '2026-01-01T00:00:00Z',
})
const self = identity('self', 'here', 1)
const keyOf = (run: string) => `nearport/runs/${run}.json`

afterEach(() => vi.useRealTimers())

/** A store whose clock can be put back: what happens then is so old. */
async function createAged() {
  let agoMs = 0
  const world = await createBucket({ now: () => Date.now() - agoMs }, { multipart: smallParts })
  return { ...world, aged, leaseOf }

  /** Something that happened so long ago. */
  function aged(ms: number, happen: () => void): void {
    agoMs = ms
    happen()
    agoMs = 0
  }

  function leaseOf(run: RunIdentity): void {
    const lease = Buffer.from(JSON.stringify(run))
    world.store.putObject(name, keyOf(run.run), lease)
  }
}

/** An upload that is begun and never ended. */
async function leaveUpload(store: Store, url: string): Promise<void> {
  const bucket = openMirror(mirrorOf('us-east-1', url), {
    multipart: smallParts,
    run: identity('left', 'gone', 2),
  })
  store.intercept = (request) =>
    request.url.includes('partNumber=') || request.method === 'DELETE'
      ? refusing('AccessDenied')(request, neverNext)
      : undefined
  await bucket.putBlob(digest, bytes.length, streamOf(bytes)).catch(() => {})
  store.intercept = undefined
  store.deleteObject(name, keyOf('left'))
  expect(store.openUploads(name)).toBe(1)
}

test('with no upload pending, looking for what was left is one request', async () => {
  const { store, bucket } = await createAged()
  expect(await clearStaleUploads(bucket, { self, isAlive: () => false })).toBe(0)
  expect(store.requests.length).toBe(1)
})

test.for<[string, readonly [RunIdentity, number][], number, number]>([
  ['of a run that fell silent', [[identity('dead', 'there', 2), 3 * minute]], 1, 0],
  ['of a run of this host that is dead', [[identity('dead', 'here', 99), 0]], 1, 0],
  ['of a run of this host that lives', [[identity('live', 'here', 1), 0]], 0, 1],
  ['of a run of another host', [[identity('live', 'there', 99), minute]], 0, 1],
  [
    'of a dead run or of a live one',
    [
      [identity('dead', 'here', 99), 3 * minute],
      [identity('live', 'there', 99), minute],
    ],
    0,
    2,
  ],
  ['of nobody, perhaps another program', [], 0, 0],
])('an upload %s is cleared only where nobody may need it', async (sample) => {
  const [, leases, cleared, leasesLeft] = sample
  const { store, url, bucket, aged, leaseOf } = await createAged()
  await leaveUpload(store, url)
  for (const [run, agoMs] of leases) aged(agoMs, () => leaseOf(run))
  const isAlive = (pid: number) => pid === 1
  expect(await clearStaleUploads(bucket, { self, isAlive })).toBe(cleared)
  expect(store.openUploads(name)).toBe(1 - cleared)
  expect(store.keys(name, 'nearport/runs/').length).toBe(leasesLeft)
})

test('an upload of more than a day is nobody’s', async () => {
  const { store, url, bucket, leaseOf } = await createAged()
  await leaveUpload(store, url)
  leaseOf(identity('live', 'there', 99))
  store.intercept = async (request, next) => {
    if (!request.url.includes('uploads')) return undefined
    const day = new Date(Date.now() - 25 * hour).toISOString()
    const text = await (await next()).text()
    return new Response(text.replace(/<Initiated>[^<]*/, `<Initiated>${day}`))
  }
  expect(await clearStaleUploads(bucket, { self, isAlive: () => true })).toBe(1)
  expect(store.openUploads(name)).toBe(0)
})

test('a lease that is no JSON, and one that ends while it is read, are somebody’s', async () => {
  const { store, url, bucket } = await createAged()
  await leaveUpload(store, url)
  store.putObject(name, keyOf('odd'), Buffer.from('no JSON'))
  expect(await clearStaleUploads(bucket, { self, isAlive: () => false })).toBe(0)
  store.intercept = faultFor(({ url: path }) => path.includes('odd.json'), refusing('NoSuchKey'))
  expect(await clearStaleUploads(bucket, { self, isAlive: () => false })).toBe(0)
})

test('a store that knows no uploads has none', async () => {
  const { store, bucket } = await createAged()
  store.intercept = refusing('NotImplemented')
  expect(await clearStaleUploads(bucket, { self, isAlive: () => false })).toBe(0)
})

test('uploads are listed over all pages', async () => {
  const { store, url } = await createBucket({ pageLimit: 2 })
  const bucket = openMirror(mirrorOf('us-east-1', url))
  for (let n = 0; n < 5; n++) {
    await leaveUpload(store, url).catch(() => {})
  }
  const uploads = await bucket.listUploads()
  expect(uploads.length).toBe(5)
  expect(new Set(uploads.map(({ uploadId }) => uploadId)).size).toBe(5)
  for (const upload of uploads) await bucket.abortUpload(upload)
  // One that is gone already is no failure.
  await bucket.abortUpload(uploads[0]!)
  expect(store.openUploads(name)).toBe(0)
})

test('a run has its lease before its first upload, and none after its end', async () => {
  const { store, url } = await createBucket()
  const run = identity('mine', 'here', 1)
  const bucket = openMirror(mirrorOf('us-east-1', url), { multipart: smallParts, run })
  await bucket.putBlob(digestOf(Buffer.from('x')), 1, streamOf(Buffer.from('x')))
  expect(store.keys(name, 'nearport/runs/')).toEqual([])
  await Promise.all([1, 2].map(() => bucket.putBlob(digest, bytes.length, streamOf(bytes))))
  const paths = store.requests.map(({ method, path }) => `${method} ${path}`)
  const lease = paths.findIndex((each) => each.includes('nearport/runs/'))
  expect(lease).toBeLessThan(paths.findIndex((each) => each.includes('?uploads')))
  expect(paths.filter((each) => each.includes('nearport/runs/')).length).toBe(1)
  expect(JSON.parse(Buffer.from((await bucket.get(keyOf('mine')))!).toString())).toEqual(run)
  await bucket.close()
  expect(store.keys(name, 'nearport/runs/')).toEqual([])
})

test('a lease is written anew every half minute, until it ends', async () => {
  vi.useFakeTimers({ now: 1_000_000 })
  const writes: number[] = []
  let removed = 0
  const objects = {
    async put() {
      writes.push(Date.now() - 1_000_000)
      // One that fails is no reason to end.
      if (writes.length === 2) throw new Error('a passing failure')
    },
    async remove() {
      removed++
    },
  }
  const lease = createRunLease(objects, self)
  await lease.hold()
  await lease.hold()
  await vi.advanceTimersByTimeAsync(95_000)
  expect(writes).toEqual([0, 30_000, 60_000, 90_000])
  await lease.end()
  await lease.end()
  await vi.advanceTimersByTimeAsync(95_000)
  expect(writes.length).toBe(4)
  expect(removed).toBe(1)
})

test('where the lease is refused, nothing is uploaded in parts', async () => {
  const { store, bucket } = await createAged()
  const isLease = ({ url }: Request) => url.includes('nearport/runs/')
  store.intercept = faultFor(isLease, refusing('AccessDenied'), 1)
  const put = () => bucket.putBlob(digest, bytes.length, streamOf(bytes))
  await expect(put()).rejects.toMatchObject({ code: 'AccessDenied' })
  expect(store.openUploads(name)).toBe(0)
  expect(await put()).toBe('stored')
  await bucket.close()
})

test('this process is alive, and two runs of it are of one host', () => {
  const [one, other] = [createRunIdentity(), createRunIdentity()]
  expect(isProcessAlive(one.pid)).toBe(true)
  expect(isProcessAlive(2 ** 22 + 1)).toBe(false)
  expect(one.host).toBe(other.host)
  expect(one.run).not.toBe(other.run)
})

function neverNext(): Promise<Response> {
  throw new Error('nobody asks')
}
