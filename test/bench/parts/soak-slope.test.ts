import { expect, test } from 'vitest'
import { createRandom } from './random.ts'
import { slopeOf } from './soak-slope.ts'

test('a straight line has its slope, and no doubt', () => {
  const { slope, error, at } = slopeOf([1, 2, 3, 7].map((x) => [x, 2 * x - 1] as const))
  expect(slope).toBeCloseTo(2, 10)
  expect(error).toBeCloseTo(0, 10)
  expect(at(10)).toBeCloseTo(19, 10)
})

test('two points say nothing of doubt, and so nothing at all', () => {
  expect(
    slopeOf([
      [0, 0],
      [1, 1],
    ]),
  ).toMatchObject({ slope: NaN, error: NaN })
})

/** Noise of which each value keeps a part of the one before. */
function noise(count: number, kept: number, seed: number): readonly (readonly [number, number])[] {
  const random = createRandom(seed)
  let value = 0
  return Array.from({ length: count }, (_, n) => {
    value = kept * value + random() - 0.5
    return [n, value] as const
  })
}

test.for([
  ['independent noise', 0],
  ['noise that goes on as it was', 0.8],
])('the error is as large as the slopes of %s are wide', ([, kept]) => {
  const runs = Array.from({ length: 200 }, (_, seed) => slopeOf(noise(300, kept as number, seed)))
  const wide = Math.sqrt(runs.reduce((sum, { slope }) => sum + slope ** 2, 0) / runs.length)
  const told = runs.reduce((sum, { error }) => sum + error, 0) / runs.length
  expect(told / wide).toBeGreaterThan(0.8)
  expect(told / wide).toBeLessThan(1.25)
})
