import list from '../../data/prices.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { createAccounting } from '../../src/core/accounting.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import { exactDollars } from '../../src/core/money.ts'
import { createPrices } from '../../src/core/prices.ts'
import { reportJson } from '../../src/metrics/report-json.ts'
import type { Report } from '../../src/metrics/report.ts'
import { makeReport } from '../../src/metrics/report.ts'
import { createTrafficRecord } from '../../src/metrics/traffic-record.ts'
import { mirrorOf, worldPolicy } from '../core/world.ts'

const gib = 2 ** 30
const hour = 3_600_000
const ids = ['aws/us-east-1', 'aws/eu-west-1']
const upstreams = [
  { repositories: '', registry: 'https://up.example', namespace: '', cloud: 'gcp' },
]
const prices = createPrices(list)

function createWorld() {
  let nowMs = 1_000_000_000
  const mirrors = ids.map(mirrorOf)
  const traffic = createTrafficRecord(
    () => upstreams,
    () => nowMs,
  )
  const since = new Map([['aws/eu-west-1', 5]])
  return {
    pass: (ms: number) => void (nowMs += ms),
    pull: (change: Partial<RequestEvent>) =>
      traffic.record({
        event: 'request',
        timeMs: nowMs,
        method: 'GET',
        kind: 'blob',
        repository: 'app',
        cloud: 'aws',
        region: 'us-east-1',
        action: 'mirror',
        reason: 'in-region',
        mirror: 'aws/us-east-1',
        status: 307,
        bytes: 73 * gib,
        durationMs: 1,
        ...change,
      }),
    report: (): Report =>
      makeReport({
        traffic,
        accounting: createAccounting({ prices, upstreams, mirrors }),
        state: () => ({
          index: { generation: 7, blobs: 3, bytes: 100, checkedAtMs: 9 },
          mirrors: ids.map((id) => ({ id, healthy: !since.has(id) })),
          upstreams: [],
          ranges: [{ cloud: 'aws', dateMs: 1 }],
        }),
        savings: () => ({
          prices,
          mirrors,
          overrides: {},
          heldBytes: gib,
          isSynced: () => true,
          route: worldPolicy({ ids }).route,
          timeText: String,
        }),
        unhealthySinceMs: () => since,
        now: () => nowMs,
      }),
  }
}

const of = (report: Report, period: string) =>
  report.periods.find((each) => each.period === period)!

test('each period has its own bytes and dollars', () => {
  const { pull, pass, report } = createWorld()
  pull({})
  pass(10 * hour)
  const { mirror: _, ...toUpstream } = {
    mirror: '',
    action: 'upstream',
    reason: 'no-mirror',
  } as const
  pull({ ...toUpstream, mirror: undefined as never, region: 'ap-south-1' })
  const made = report()
  expect(of(made, 'hour').bytes).toEqual({ mirror: 0, upstream: 73 * gib })
  expect(of(made, 'day').bytes).toEqual({ mirror: 73 * gib, upstream: 73 * gib })
  const { money, moneyAMonth, lengthMs } = of(made, 'start')
  expect(lengthMs).toBe(10 * hour)
  // $0.08 a GiB, and $0.0000004 for the one GET of a mirror; a month has 73 times ten hours.
  expect(exactDollars(money.saved)).toBe('5.8399996')
  expect(exactDollars(money.spent.upstream)).toBe('5.84')
  expect(exactDollars(moneyAMonth.spent.upstream)).toBe('426.32')
})

test('locations come by their bytes, and HEADs and manifests move none', () => {
  const { pull, report } = createWorld()
  pull({ bytes: 10 })
  pull({ method: 'HEAD', bytes: 0 })
  pull({ kind: 'manifest', action: 'upstream', reason: 'manifest', bytes: undefined as never })
  pull({ cloud: undefined as never, region: undefined as never, bytes: 20 })
  pull({ region: 'eu-west-3', bytes: undefined as never })
  pull({ region: 'eu-west-3', bytes: undefined as never })
  const { locations, requests, unsized } = of(report(), 'start')
  expect(locations.map(({ location, bytes }) => [location, bytes.mirror])).toEqual([
    ['-', 20],
    ['aws/us-east-1', 10],
    ['aws/eu-west-3', 0],
  ])
  expect(requests.mirror).toBe(4)
  expect(unsized).toBe(2)
})

test('mirrors are told with their hits, and with since when they are out', () => {
  const { pull, report } = createWorld()
  pull({ bytes: 10 })
  expect(report().mirrors).toEqual([
    {
      id: 'aws/us-east-1',
      healthy: true,
      unhealthySinceMs: undefined,
      canaryAtMs: 9,
      requests: 1,
      bytes: 10,
    },
    {
      id: 'aws/eu-west-1',
      healthy: false,
      unhealthySinceMs: 5,
      canaryAtMs: undefined,
      requests: 0,
      bytes: 0,
    },
  ])
})

test('what could be saved is of the last day, and the time line too', () => {
  const { pull, pass, report } = createWorld()
  pull({ action: 'upstream', reason: 'no-mirror', region: 'ap-south-1' })
  pass(40 * hour)
  pull({ action: 'upstream', reason: 'no-mirror', region: 'ap-northeast-1' })
  const { missed, missedIn, quarters } = report()
  expect(missed.map(({ location }) => location)).toEqual(['aws/ap-northeast-1'])
  expect(missedIn.period).toBe('day')
  expect(quarters.at(-1)!.bytes.upstream).toBe(73 * gib)
})

test('for machines money is a text of dollars, and what nobody knows is null', () => {
  const { pull, report } = createWorld()
  pull({})
  const json = JSON.parse(JSON.stringify(reportJson(report()))) as ReturnType<typeof reportJson>
  expect(json.periods[2]!.money.saved).toBe('5.8399996')
  expect(json.mirrors[0]!.unhealthySinceMs).toBeNull()
  expect(json.index).toMatchObject({ generation: 7 })
})
