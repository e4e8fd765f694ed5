import { expect, test, vi } from 'vitest'
import { keepWorker } from '../../../src/runtime/cluster/kept-worker.ts'
import type { End, WorkerProcess } from '../../../src/runtime/cluster/worker-process.ts'

/** A worker that is kept, with processes that listen and end as they are told. */
function createWorld() {
  const started: { readonly listen: () => void; readonly end: (end?: End) => void }[] = []
  const told: unknown[] = []
  let nowMs = 0
  const kept = keepWorker({
    start() {
      const listening = Promise.withResolvers<void>()
      const ended = Promise.withResolvers<End>()
      started.push({
        listen: listening.resolve,
        end(end = { how: 'SIGKILL' }) {
          listening.reject(new Error(`never listened, ${end.how}`))
          ended.resolve(end)
        },
      })
      return { listening: listening.promise, ended: ended.promise } as WorkerProcess
    },
    out: (end, againMs) => told.push({ ...end, againMs }),
    back: (outMs) => told.push({ outMs }),
    now: () => nowMs,
  })
  const passMs = (ms: number) => (nowMs += ms)
  const startedBy = (count: number) => vi.waitFor(() => expect(started).toHaveLength(count))
  const toldBy = (count: number) => vi.waitFor(() => expect(told).toHaveLength(count))
  return { kept, started, told, passMs, startedBy, toldBy }
}

test('one that has lived a while is followed at once, and it is told for how long there was none', async () => {
  const { kept, started, told, passMs, startedBy, toldBy } = createWorld()
  started[0]!.listen()
  await kept.listening
  expect(kept.isListening()).toBe(true)
  passMs(10_000)
  started[0]!.end()
  await startedBy(2)
  expect(kept.isListening()).toBe(false)
  passMs(30)
  started[1]!.listen()
  await toldBy(2)
  expect(told).toEqual([{ how: 'SIGKILL', againMs: 0 }, { outMs: 30 }])
  expect(kept.isListening()).toBe(true)
})

test('those that end soon, one after the other, are followed after a longer pause each time', async () => {
  const { kept, started, told, passMs, startedBy, toldBy } = createWorld()
  started[0]!.listen()
  await kept.listening
  started[0]!.end()
  await startedBy(2)
  passMs(1000)
  // It never listened: it is still out since the first one ended.
  started[1]!.end({ how: '1', problem: 'no memory' })
  await startedBy(3)
  passMs(10_000)
  started[2]!.listen()
  await toldBy(3)
  expect(told).toEqual([
    { how: 'SIGKILL', againMs: 100 },
    { how: '1', problem: 'no memory', againMs: 400 },
    { outMs: 11_000 },
  ])
})

test('where the first one does not come to listen, nothing is told and none follows', async () => {
  const { kept, started, told } = createWorld()
  started[0]!.end({ how: '1' })
  await expect(kept.listening).rejects.toThrow('never listened, 1')
  await kept.end()
  expect([started.length, told]).toEqual([1, []])
})

test('after the end none follows, though one was just to be started', async () => {
  const { kept, started, told, toldBy } = createWorld()
  started[0]!.listen()
  await kept.listening
  started[0]!.end()
  await toldBy(1)
  await kept.end()
  expect([started.length, told.length]).toEqual([1, 1])
})
