import { expect, test } from 'vitest'
import { references } from './service-references.ts'
import type { MeasuredServer } from './service-table.ts'
import { serviceTables } from './service-table.ts'

/** A server that answers so many a second in each round. */
function server(name: string, rates: readonly number[]): MeasuredServer {
  const rounds = rates.map((aSecond) => {
    return { requests: aSecond, aSecond, p50Ms: 1, p99Ms: 1e5 / aSecond, p999Ms: 3, cpuUs: 10 }
  })
  return { name, rounds, startsMs: [50, 40, 60], beforeBytes: 8e6, afterBytes: 9e6 }
}

test('a server is compared with each reference in the same round, and with no other', () => {
  const [rate, cpu, latency, footprint] = serviceTables([
    server('nearport', [400, 200, 100]),
    server(references.nginx, [1000, 500, 100]),
  ])
  expect(rate).toEqual([
    ['one core', 'requests a second', '× nginx'],
    ['nearport', '200 (100–400)', '0.40 (0.40–1.00)'],
    [references.nginx, '500 (100–1000)', '1'],
  ])
  expect(cpu![1]).toEqual(['nearport', '10.0 (10.0–10.0)', '1.00 (1.00–1.00)', '0 (0–0)'])
  expect(latency![1]!.at(-1)).toBe('2.50 (1.00–2.50)')
  expect(footprint![1]).toEqual(['nearport', '50 (40–60)', '8', '9', '700'])
})

test('with a Go compiler its server is another to compare with', () => {
  const [rate] = serviceTables([server('nearport', [2]), server(references.go, [4])])
  expect(rate).toEqual([
    ['one core', 'requests a second', '× Go'],
    ['nearport', '2', '0.50'],
    [references.go, '4', '1'],
  ])
})
