import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { digestOf } from '../../../src/sync/content-digest.ts'
import type { TeeOptions } from '../../../src/sync/transfer/tee.ts'
import { tee } from '../../../src/sync/transfer/tee.ts'

const chunkBytes = 1000
const expecting = (bytes: Buffer) => ({
  digest: digestOf(bytes),
  sizeBytes: bytes.length,
  from: 'the upstream',
  onBytes: () => {},
})

/** So many chunks, each of its own bytes, and how many of them were taken. */
function createSource(count: number) {
  const chunks = Array.from({ length: count }, (_, n) => Buffer.alloc(chunkBytes, n))
  const taken = { chunks: 0 }
  function* give() {
    for (const chunk of chunks) {
      taken.chunks++
      yield chunk
    }
  }
  const source = Readable.from(give(), { objectMode: false, highWaterMark: chunkBytes })
  return { whole: Buffer.concat(chunks), taken, source }
}

/** What came, and how it ended; `pace` waits before each chunk. */
async function drain(stream: Readable, pace: () => unknown = () => {}) {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer)
      await pace()
    }
    return { bytes: Buffer.concat(chunks), error: undefined }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
}

const small: TeeOptions = { branchBytes: 2 * chunkBytes }

test('every branch gets the same bytes, whatever its pace and whoever drops out on the way', async () => {
  const branch = fc.record({
    turns: fc.nat({ max: 3 }),
    leavesAfter: fc.option(fc.nat({ max: 30 })),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(branch, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 30 }),
      async (branches, count) => {
        const { source, whole } = createSource(count)
        const read = tee(source, expecting(whole), branches.length, small)
        const ended = await Promise.all(
          branches.map(async ({ turns, leavesAfter }, at) => {
            const { body, droppedOut } = read.branches[at]!
            let left = leavesAfter ?? Infinity
            const { bytes } = await drain(body, async () => {
              for (let n = 0; n < turns; n++) await turn()
              if (left-- <= 0) body.destroy()
            })
            return { bytes, dropped: droppedOut(), leavesAfter }
          }),
        )
        for (const { bytes, leavesAfter } of ended) {
          if (leavesAfter === null) expect(bytes.equals(whole)).toBe(true)
        }
        if (ended.some(({ leavesAfter }) => leavesAfter === null)) {
          expect([read.isVerified(), read.failure()]).toEqual([true, undefined])
        }
      },
    ),
  )
})

test.for<[string, (whole: Buffer) => Iterable<Buffer>, string]>([
  [
    'of other bytes',
    (whole) => [whole.subarray(0, 2500), Buffer.alloc(whole.length - 2500)],
    'wrong',
  ],
  ['that is too short', (whole) => [whole.subarray(0, 5000)], 'broken'],
  ['that is too long', (whole) => [whole, Buffer.from('x')], 'wrong'],
  [
    'that breaks',
    function* (whole) {
      yield whole.subarray(0, 5000)
      throw new Error('connection reset')
    },
    'broken',
  ],
])('a source %s fails every branch before its last chunk', async ([, give, kind]) => {
  const { whole } = createSource(10)
  const source = Readable.from(give(whole), { objectMode: false })
  const read = tee(source, expecting(whole), 3, small)
  for (const { bytes, error } of await Promise.all(read.branches.map(({ body }) => drain(body)))) {
    expect(error).toMatchObject({ name: 'ContentError', kind })
    expect(bytes.length).toBeLessThan(whole.length)
  }
  expect(read.failure()).toMatchObject({ kind })
  expect(read.isVerified()).toBe(false)
  // It is the source's doing.
  expect(read.branches.map(({ droppedOut }) => droppedOut())).toEqual([false, false, false])
  expect(source.destroyed).toBe(true)
})

test('the slowest sets the pace, and nobody gets further ahead than a few chunks', async () => {
  const { source, whole, taken } = createSource(100)
  const read = tee(source, expecting(whole), 3, small)
  const [slow, ...fast] = read.branches.map(({ body }) => body)
  for (const body of fast) body.resume()
  const aheadBytes: number[] = []
  let slowBytes = 0
  for await (const chunk of slow!) {
    slowBytes += (chunk as Buffer).length
    for (let n = 0; n < 5; n++) await turn()
    aheadBytes.push(taken.chunks * chunkBytes - slowBytes)
  }
  expect(slowBytes).toBe(whole.length)
  expect(Math.max(...aheadBytes)).toBeGreaterThan(chunkBytes)
  expect(Math.max(...aheadBytes)).toBeLessThan(6 * chunkBytes)
})

test('without any branch left the source is closed, and not before', async () => {
  const { source, whole } = createSource(1000)
  const read = tee(source, expecting(whole), 2, small)
  const [first, second] = read.branches.map(({ body }) => body)
  const closed = once(source, 'close')
  first!.destroy()
  await turn()
  expect(source.destroyed).toBe(false)
  second!.destroy()
  await closed
  expect(read.branches.map(({ droppedOut }) => droppedOut())).toEqual([true, true])
  expect([read.isVerified(), read.failure()]).toEqual([false, undefined])
})

test('a branch that takes nothing drops out when others have waited long enough', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { source, whole } = createSource(50)
  const read = tee(source, expecting(whole), 2, { ...small, stallMs: 30_000 })
  const [live, dead] = read.branches
  const drained = drain(live!.body)
  for (let n = 0; n < 50; n++) await turn()
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(29_999)
  expect(dead!.droppedOut()).toBe(false)
  vi.advanceTimersByTime(1)
  expect((await drained).bytes.equals(whole)).toBe(true)
  expect(dead!.droppedOut()).toBe(true)
  expect(dead!.body.errored).toMatchObject({ kind: 'stalled', retryable: true })
  expect(vi.getTimerCount()).toBe(0)
})

test('branches that all stand still wait for each other’s deadline, not for each other', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { source, whole } = createSource(50)
  const read = tee(source, expecting(whole), 2, { ...small, stallMs: 30_000 })
  for (let n = 0; n < 50; n++) await turn()
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(300_000)
  expect(read.branches.map(({ droppedOut }) => droppedOut())).toEqual([false, false])
  for (const { body } of read.branches) body.destroy()
  expect(vi.getTimerCount()).toBe(0)
})

test('a source that failed before anybody listened fails the branches all the same', async () => {
  const { source, whole } = createSource(5)
  const failed = new Promise((resolve) => source.once('error', resolve))
  source.destroy(new Error('gone already'))
  await failed
  const read = tee(source, expecting(whole), 2)
  for (const { error } of await Promise.all(read.branches.map(({ body }) => drain(body)))) {
    expect(error).toMatchObject({ kind: 'broken', message: expect.stringMatching(/gone already$/) })
  }
})

test('nothing is a blob too, for every branch', async () => {
  const read = tee(Readable.from([]), expecting(Buffer.alloc(0)), 2)
  const ended = await Promise.all(read.branches.map(({ body }) => drain(body)))
  expect(ended.map(({ bytes, error }) => [bytes.length, error])).toEqual([
    [0, undefined],
    [0, undefined],
  ])
  expect(read.isVerified()).toBe(true)
})
