import { expect, test } from 'vitest'
import { atEndOfTurn } from '../../../src/runtime/http/end-of-turn.ts'

test('what comes in one turn is handed on after the last of it, in its order', async () => {
  const handed: number[] = []
  const add = atEndOfTurn<number>((piece) => {
    handed.push(piece)
    // What comes of handing on belongs to the next turn.
    if (piece === 1) add(10)
  })
  for (const piece of [1, 2, 3]) add(piece)
  expect(handed).toEqual([])
  await new Promise(setImmediate)
  expect(handed).toEqual([1, 2, 3])
  await new Promise(setImmediate)
  expect(handed).toEqual([1, 2, 3, 10])
})
