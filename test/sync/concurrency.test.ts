import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLimiter, forEachLimited } from '../../src/sync/concurrency.ts'

test('a limiter runs no more than its limit at once, in order, and loses none to a failure', async () => {
  const limit = createLimiter(3)
  let running = 0
  let most = 0
  const order: number[] = []
  const tasks = Array.from({ length: 20 }, (_, n) =>
    limit(async () => {
      order.push(n)
      most = Math.max(most, ++running)
      await turn()
      running--
      if (n % 4 === 0) throw new Error(`${n}`)
      return n
    }),
  )
  const ended = await Promise.allSettled(tasks)
  expect(most).toBe(3)
  expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(ended.filter(({ status }) => status === 'rejected').length).toBe(5)
  expect(await limit(async () => 'still')).toBe('still')
})

test('forEachLimited takes items as it goes', async () => {
  let taken = 0
  function* items() {
    for (; taken < 10; taken++) yield taken
  }
  const done: number[] = []
  await forEachLimited(items(), 2, async (item) => {
    expect(taken - done.length).toBeLessThanOrEqual(2)
    await turn()
    done.push(item)
  })
  expect(done.length).toBe(10)
})
