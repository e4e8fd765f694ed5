import { Registry } from '@prometheus-io/client'
import { expect, test } from 'vitest'
import type { RangesEvent } from '../../src/core/event.ts'
import { addRangesGauges, createRangesCounters } from '../../src/metrics/ranges-metrics.ts'

async function linesOf(registry: Registry): Promise<readonly string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('nearport_'))
}

test('age, source and refusal are told as far as they are known', async () => {
  const registry = new Registry()
  let fetched: string | undefined
  const state = () => ({
    ranges: [
      { cloud: 'aws', dateMs: 0, from: fetched, refused: false },
      { cloud: 'gcp', dateMs: 40_000, refused: true },
      { cloud: 'azure', dateMs: undefined },
    ],
  })
  addRangesGauges([registry], state, () => 100_000)
  expect(await linesOf(registry)).toEqual([
    'nearport_ranges_age_seconds{cloud="aws"} 100',
    'nearport_ranges_age_seconds{cloud="gcp"} 60',
    'nearport_ranges_source{cloud="aws",source="bundled"} 1',
    'nearport_ranges_source{cloud="gcp",source="bundled"} 1',
    'nearport_ranges_source{cloud="azure",source="bundled"} 1',
    'nearport_ranges_refused{cloud="aws"} 0',
    'nearport_ranges_refused{cloud="gcp"} 1',
  ])

  fetched = 'https://a.example/'
  const source = (await linesOf(registry)).filter((line) => line.includes('_source{cloud="aws"'))
  expect(source).toEqual(['nearport_ranges_source{cloud="aws",source="fetched"} 1'])
})

test('looks are counted by what came of them, and addresses where an update was taken', async () => {
  const registry = new Registry()
  const { count } = createRangesCounters([registry])
  const change = {
    before: { ipv4: 100, ipv6: 100 },
    gained: { ipv4: 1, ipv6: 2 },
    lost: { ipv4: 3, ipv6: 4 },
    movedIn: { ipv4: 9, ipv6: 9 },
    movedOut: { ipv4: 5, ipv6: 6 },
  }
  const events: readonly Omit<RangesEvent, 'event' | 'timeMs' | 'problems'>[] = [
    { outcome: 'updated', cloud: 'aws', change },
    { outcome: 'updated', cloud: 'aws', change },
    { outcome: 'updated', cloud: 'gcp' },
    { outcome: 'refused', cloud: 'aws', change },
    { outcome: 'failed' },
  ]
  for (const event of events) count({ event: 'ranges', timeMs: 1, problems: [], ...event })
  expect(await linesOf(registry)).toEqual([
    'nearport_ranges_updates_total{cloud="aws",outcome="updated"} 2',
    'nearport_ranges_updates_total{cloud="gcp",outcome="updated"} 1',
    'nearport_ranges_updates_total{cloud="aws",outcome="refused"} 1',
    'nearport_ranges_updates_total{cloud="",outcome="failed"} 1',
    'nearport_ranges_changed_addresses_total{cloud="aws",family="ipv4",how="gained"} 2',
    'nearport_ranges_changed_addresses_total{cloud="aws",family="ipv4",how="lost"} 6',
    'nearport_ranges_changed_addresses_total{cloud="aws",family="ipv4",how="moved"} 10',
    'nearport_ranges_changed_addresses_total{cloud="aws",family="ipv6",how="gained"} 4',
    'nearport_ranges_changed_addresses_total{cloud="aws",family="ipv6",how="lost"} 8',
    'nearport_ranges_changed_addresses_total{cloud="aws",family="ipv6",how="moved"} 12',
  ])
})
