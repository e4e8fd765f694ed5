import { expect, test } from 'vitest'
import { createLooks } from '../../../src/runtime/worker/looks.ts'

test('a look is due at first and then when its time is over, whatever became of the one before', () => {
  const look = () => new Promise<void>(() => {})
  const [slow, fast] = [
    { everyMs: 60_000, look },
    { everyMs: 10_000, look },
  ]
  const due = createLooks([slow, fast])
  expect(due(1_000_000)).toEqual([slow, fast])
  expect(due(1_000_000)).toEqual([])
  expect(due(1_009_999)).toEqual([])
  expect(due(1_010_000)).toEqual([fast])
  expect(due(1_060_000)).toEqual([slow, fast])
  // Whatever took long is due once, and not once for each time it was missed.
  expect(due(9_000_000)).toEqual([slow, fast])
  expect(due(9_000_000)).toEqual([])
})
