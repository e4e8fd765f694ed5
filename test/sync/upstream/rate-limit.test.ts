import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { usualCircuit } from '../../../src/sync/upstream/circuit.ts'
import { createTokenBucket } from '../../../src/sync/upstream/rate-limit.ts'
import type { Outcome, Pass } from '../../../src/sync/upstream/upstream-gate.ts'
import { createHostGate } from '../../../src/sync/upstream/upstream-gate.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

test('a bucket lets a burst go, and then so many a second', () => {
  let nowMs = 0
  const bucket = createTokenBucket({ perSecond: 4, burst: 4, now: () => nowMs })
  bucket.spend(4)
  expect(bucket.waitMs(1)).toBe(250)
  nowMs = 250
  expect(bucket.waitMs(1)).toBe(0)
  expect(bucket.waitMs(2)).toBe(250)
})

test('what was spent and was not there is waited for, and a clock set back gives nothing', () => {
  let nowMs = 10_000
  const bucket = createTokenBucket({ perSecond: 1000, burst: 100, now: () => nowMs })
  bucket.spend(1100)
  expect(bucket.waitMs(0)).toBe(1000)
  nowMs = 0
  expect(bucket.waitMs(0)).toBe(1000)
})

test('in no stretch of time does more go than the rate and one burst', () => {
  const steps = fc.array(fc.nat({ max: 700 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (pauses, perSecond) => {
      let nowMs = 0
      const bucket = createTokenBucket({ perSecond, burst: perSecond, now: () => nowMs })
      const sentMs: number[] = []
      for (const pauseMs of pauses) {
        nowMs += pauseMs
        while (bucket.waitMs(1) === 0) {
          bucket.spend(1)
          sentMs.push(nowMs)
        }
      }
      const isTooMany = (from: number, to: number) =>
        to - from + 1 > perSecond + ((sentMs[to]! - sentMs[from]!) / 1000) * perSecond + 1e-6
      for (let to = 0; to < sentMs.length; to++) {
        for (let from = 0; from <= to; from++) if (isTooMany(from, to)) expect.fail()
      }
    }),
  )
})

const answered: Outcome = { kind: 'answered' }
const refused = (retryAfterMs?: number): Outcome => ({
  kind: 'refused',
  why: 'it answered 429',
  retryAfterMs,
})

function leave(pass: Pass, outcome: Outcome): void {
  pass.leave(outcome)
  pass.end()
}

/** A gate, and how many it has let through. */
function createGate(requestsPerSecond?: number, connections = 32) {
  const waits: string[] = []
  const gate = createHostGate(
    'a.test',
    { requestsPerSecond, connections },
    {
      circuit: usualCircuit,
      firstPauseMs: 1000,
      longestPauseMs: 60_000,
      now: Date.now,
      random: () => 1,
      onWait: (host, why, ms) => void waits.push(`${host} ${why} ${ms}`),
    },
  )
  const passes: Pass[] = []
  const errors: string[] = []
  const enter = (count: number, isFree = false, signal?: AbortSignal) => {
    for (let each = 0; each < count; each++) {
      void Promise.resolve(gate.enter(isFree, signal)).then(
        (pass) => passes.push(pass),
        (error: Error) => errors.push(error.message),
      )
    }
    return vi.advanceTimersByTimeAsync(0)
  }
  return { gate, enter, passes, errors, waits }
}

test('so many requests a second go, in the order they came', async () => {
  const { enter, passes, waits } = createGate(2)
  await enter(6)
  expect(passes.length).toBe(2)
  await vi.advanceTimersByTimeAsync(499)
  expect(passes.length).toBe(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(passes.length).toBe(3)
  await vi.advanceTimersByTimeAsync(1500)
  expect(passes.length).toBe(6)
  expect(waits[0]).toBe('a.test requestsPerSecond 500')
  // Once a second is enough to be told.
  expect(waits.length).toBeLessThanOrEqual(3)
})

test('a request every other second is one every other second', async () => {
  const { enter, passes } = createGate(0.5)
  await enter(3)
  expect(passes.length).toBe(1)
  await vi.advanceTimersByTimeAsync(1999)
  expect(passes.length).toBe(1)
  await vi.advanceTimersByTimeAsync(2001)
  expect(passes.length).toBe(3)
})

test('a token is not counted, and does not wait behind what waits for its turn', async () => {
  const { enter, passes } = createGate(1)
  await enter(3)
  await enter(2, true)
  expect(passes.length).toBe(3)
})

test('Retry-After is for the whole host', async () => {
  const { enter, passes, waits } = createGate()
  await enter(2)
  passes[0]!.leave(refused(20_000))
  await enter(5)
  await enter(1, true)
  await vi.advanceTimersByTimeAsync(19_999)
  expect(passes.length).toBe(2)
  // The other that was under way changes nothing of it.
  passes[1]!.leave(answered)
  await vi.advanceTimersByTimeAsync(0)
  expect(passes.length).toBe(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(passes.length).toBeGreaterThan(2)
  expect(waits).toEqual(['a.test Retry-After 20000'])
})

test('a 503 with Retry-After pauses the host too', async () => {
  const { enter, passes, waits } = createGate()
  await enter(1)
  leave(passes[0]!, { kind: 'failed', why: 'it answered 503', retryAfterMs: 5000 })
  await enter(3)
  await vi.advanceTimersByTimeAsync(4999)
  expect(passes.length).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(passes.length).toBe(4)
  expect(waits).toEqual(['a.test Retry-After 5000'])
})

test('after a 429 half as many go at once, and each answer makes room for more', async () => {
  const { enter, passes } = createGate()
  await enter(8)
  leave(passes[0]!, refused(0))
  for (const pass of passes.slice(1)) leave(pass, answered)
  const before = passes.length
  await enter(40)
  const window = passes.length - before
  expect(window).toBeGreaterThanOrEqual(4)
  expect(window).toBeLessThan(8)
  for (let at = before; at < passes.length; at++) {
    leave(passes[at]!, answered)
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(passes.length).toBe(48)
})

test('a 429 that does not say how long pauses the host longer each time', async () => {
  const { enter, passes, waits } = createGate()
  await enter(1)
  for (let each = 0; each < 4; each++) {
    leave(passes[each]!, refused())
    await enter(1)
    await vi.advanceTimersByTimeAsync(60_000)
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000].map((ms) => `a.test it answered 429 ${ms}`))
})

test('requests that were refused together are one refusal', async () => {
  const { enter, passes, waits } = createGate()
  await enter(20)
  for (const pass of passes) pass.leave(refused())
  expect(waits).toEqual(['a.test it answered 429 1000'])
})

test('a host that wants longer than one waits is asked no more until then', async () => {
  const { enter, passes, errors } = createGate()
  await enter(2)
  passes[0]!.leave(refused(3_600_000))
  passes[1]!.leave(answered)
  await enter(2)
  expect(errors).toEqual(Array.from({ length: 2 }, () => 'a.test wants 3600 s without requests'))
  await vi.advanceTimersByTimeAsync(3_600_000)
  await enter(1)
  expect(passes.length).toBe(3)
})

test('who waits and is aborted leaves, and takes nobody’s place', async () => {
  const { enter, passes, errors } = createGate(1)
  const stop = new AbortController()
  await enter(1)
  await enter(1, false, stop.signal)
  await enter(1)
  stop.abort(new Error('enough'))
  await enter(1, false, stop.signal)
  expect(errors).toEqual(['enough', 'enough'])
  await vi.advanceTimersByTimeAsync(1000)
  expect(passes.length).toBe(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('a connection is one body’s until its end', async () => {
  const { enter, passes } = createGate(undefined, 2)
  await enter(4)
  for (const pass of passes.slice(0, 2)) pass.leave(answered)
  await enter(0)
  expect(passes.length).toBe(2)
  passes[1]!.end()
  passes[1]!.end()
  await enter(0)
  expect(passes.length).toBe(3)
})
