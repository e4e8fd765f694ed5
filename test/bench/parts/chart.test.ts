import { expect, test } from 'vitest'
import type { Axis, Series } from './chart.ts'
import { drawCharts } from './chart.ts'

const linear: Axis = { label: 'minutes', scale: 'linear' }
const log: Axis = { label: 'ms', scale: 'log' }

function draw(y: Axis, series: readonly Series[]): string {
  return drawCharts([{ title: 'Memory & time', x: linear, y, series }])
}

function pathOf(svg: string): string {
  return /<path class="line s0" d="(M[^"]*L[^"]*)"/.exec(svg)![1]!
}

function labels(svg: string): readonly string[] {
  return [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, label]) => label!)
}

test('a linear axis begins at 0 and ends at a round number above all there is', () => {
  const svg = draw(linear, [
    {
      name: 'a',
      points: [
        [0, 3],
        [10, 87],
      ],
    },
  ])
  expect(labels(svg)).toEqual(['0', '20', '40', '60', '80', '100'])
})

test('on a logarithmic axis a decade is as high as the next', () => {
  const svg = draw(log, [
    {
      name: 'a',
      points: [
        [0, 1],
        [5, 10],
        [10, 100],
      ],
    },
  ])
  expect(labels(svg)).toEqual(['1', '2', '5', '10', '20', '50', '100'])
  const heights = [...pathOf(svg).matchAll(/ ([\d.]+)/g)].map(([, down]) => Number(down))
  expect(heights[0]! - heights[1]!).toBeCloseTo(heights[1]! - heights[2]!, 5)
})

test('a line has a gap where there is no value, or none that a logarithm has', () => {
  const points = [
    [0, 1],
    [1, 2],
    [2, NaN],
    [3, 4],
    [4, 0],
    [5, 6],
    [6, 7],
  ] as const
  expect(pathOf(draw(log, [{ name: 'a', points }])).match(/M/g)).toHaveLength(3)
})

test('nothing at all is an empty chart', () => {
  const svg = draw(linear, [{ name: 'a', points: [] }])
  expect(svg).not.toMatch(/NaN|Infinity/)
})

test('texts are text, whatever is in them', () => {
  expect(draw(linear, [{ name: '<b>', points: [[0, 1]] }])).toContain('&lt;b&gt;')
  expect(draw(linear, [])).toContain('Memory &amp; time')
})

test('series that could not be told apart are refused', () => {
  const series = Array.from({ length: 7 }, (_, n) => ({ name: `${n}`, points: [] }))
  expect(() => draw(linear, series)).toThrow('wanted at most 6 series, got 7')
})
