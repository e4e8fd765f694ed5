import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDeadline } from '../../src/sync/deadline.ts'

const listeners = (stop: AbortController) => getEventListeners(stop.signal, 'abort').length

test('it aborts when the time is over, as a timeout', async () => {
  const { signal, end } = startDeadline(5, new AbortController().signal)
  await expect.poll(() => signal.aborted).toBe(true)
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
  end()
})

test('it aborts with the stop, also with one that was before it', () => {
  const stop = new AbortController()
  const deadline = startDeadline(60_000, stop.signal)
  stop.abort('enough')
  const late = startDeadline(60_000, stop.signal)
  for (const { signal, end } of [deadline, late]) {
    expect([signal.aborted, signal.reason]).toEqual([true, 'enough'])
    end()
  }
})

test('ended, it never aborts, and holds on to nothing', async () => {
  const stop = new AbortController()
  const { signal, end } = startDeadline(5, stop.signal)
  expect(listeners(stop)).toBe(1)
  end()
  end()
  expect(listeners(stop)).toBe(0)
  await sleep(20)
  stop.abort()
  expect(signal.aborted).toBe(false)
})

test('while it is paused it does not run, however often it was paused', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  onTestFinished(() => void vi.useRealTimers())
  const deadline = startDeadline(1000, new AbortController().signal)
  vi.advanceTimersByTime(400)
  deadline.pause()
  deadline.pause()
  vi.advanceTimersByTime(5000)
  deadline.resume()
  vi.advanceTimersByTime(5000)
  deadline.resume()
  vi.advanceTimersByTime(599)
  expect(deadline.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(deadline.signal.aborted).toBe(true)
})

test('ended while it is paused, it starts no more', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  onTestFinished(() => void vi.useRealTimers())
  const { signal, pause, resume, end } = startDeadline(1000, new AbortController().signal)
  pause()
  end()
  resume()
  expect([vi.getTimerCount(), signal.aborted]).toEqual([0, false])
})
