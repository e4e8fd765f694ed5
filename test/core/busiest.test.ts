import { expect, test } from 'vitest'
import { createBusiest, sumBusiest } from '../../src/core/busiest.ts'

test('the busiest come first: by bytes, then by requests', () => {
  const busiest = createBusiest(4)
  busiest.add('a', 10)
  busiest.add('b', undefined)
  busiest.add('b', undefined)
  busiest.add('c', undefined)
  busiest.add('d', 30)
  expect(busiest.top(3)).toEqual([
    { name: 'd', requests: 1, bytes: 30, unsized: 0 },
    { name: 'a', requests: 1, bytes: 10, unsized: 0 },
    { name: 'b', requests: 2, bytes: 0, unsized: 2 },
  ])
  expect(busiest.top(10).length).toBe(4)
})

test('whatever names are made up, the busy ones are kept, with exact counts', () => {
  const busiest = createBusiest(8)
  for (let round = 0; round < 5000; round++) {
    busiest.add('heavy', 1000)
    busiest.add('often', undefined)
    busiest.add('often', undefined)
    busiest.add(`made-up-${round}`, 1)
  }
  const top = busiest.top(100)
  expect(top.length).toBeLessThanOrEqual(32)
  expect(top[0]).toEqual({ name: 'heavy', requests: 5000, bytes: 5_000_000, unsized: 0 })
  expect(top.find(({ name }) => name === 'often')).toMatchObject({ requests: 10_000 })
})

test('several counts add up', () => {
  const [first, second] = [createBusiest(4), createBusiest(4)]
  first.add('a', 10)
  first.add('b', undefined)
  first.add('c', undefined)
  second.add('b', 40)
  second.add('b', undefined)
  expect(sumBusiest([first.top(4), second.top(4)])).toEqual([
    { name: 'b', requests: 3, bytes: 40, unsized: 2 },
    { name: 'a', requests: 1, bytes: 10, unsized: 0 },
    { name: 'c', requests: 1, bytes: 0, unsized: 1 },
  ])
  const [third, fourth] = [createBusiest(4), createBusiest(4)]
  third.add('x', undefined)
  fourth.add('y', undefined)
  fourth.add('y', undefined)
  expect(sumBusiest([third.top(4), fourth.top(4)]).map(({ name }) => name)).toEqual(['y', 'x'])
})
