import { expect, test } from 'vitest'
import type { RequestEvent } from '../../src/core/event.ts'
import { createTrafficRecord } from '../../src/metrics/traffic-record.ts'

const minute = 60_000
const hour = 60 * minute
const upstreams = [{ repositories: '', registry: 'https://up.example', namespace: '' }]

function createWorld() {
  // Not on an hour: nothing may depend on the clock's own divisions.
  const startMs = 1_000_000_123
  let nowMs = startMs
  const traffic = createTrafficRecord(
    () => upstreams,
    () => nowMs,
  )
  return {
    traffic,
    goTo: (ms: number) => void (nowMs = startMs + ms),
    pull: (change: Partial<RequestEvent> = {}) => {
      traffic.record({
        event: 'request',
        timeMs: nowMs,
        method: 'GET',
        kind: 'blob',
        repository: 'app',
        action: 'mirror',
        reason: 'in-region',
        mirror: 'aws/eu-west-1',
        status: 307,
        bytes: 1,
        durationMs: 1,
        ...change,
      })
    },
    requests: (period: 'hour' | 'day' | 'start') =>
      traffic.during(period).rows.reduce((sum, row) => sum + row.requests, 0),
  }
}

test('a young service has one history, of its own length', () => {
  const { traffic, goTo, pull } = createWorld()
  pull()
  goTo(10 * minute)
  for (const period of ['hour', 'day', 'start'] as const) {
    expect(traffic.during(period)).toMatchObject({ period, lengthMs: 10 * minute })
    expect(traffic.during(period).rows.length).toBe(1)
  }
})

test('one that has just begun has a length all the same', () => {
  expect(createWorld().traffic.during('start').lengthMs).toBe(1)
})

test('what is over is over: after an hour, after a day', () => {
  const { goTo, pull, requests } = createWorld()
  pull()
  goTo(90 * minute)
  pull()
  expect([requests('hour'), requests('day'), requests('start')]).toEqual([1, 2, 2])
  goTo(26 * hour)
  expect([requests('hour'), requests('day'), requests('start')]).toEqual([0, 0, 2])
})

test('after a silence of hours, what was before it is not of the last hour', () => {
  const { goTo, pull, requests } = createWorld()
  goTo(4 * minute)
  pull()
  goTo(5 * hour)
  pull()
  goTo(5 * hour + 30 * minute)
  pull()
  expect(requests('hour')).toBe(2)
})

test('an hour is never shorter than said, and at most five minutes longer', () => {
  const { traffic, goTo, pull } = createWorld()
  for (let at = 0; at < 300; at++) {
    goTo(at * minute)
    pull()
    const { lengthMs, rows } = traffic.during('hour')
    const pulled = rows.reduce((sum, row) => sum + row.requests, 0)
    if (at >= 60) {
      expect(lengthMs).toBeGreaterThanOrEqual(hour)
      expect(lengthMs).toBeLessThan(hour + 5 * minute)
    }
    // One a minute, at the minute: a mark at a minute was taken before that minute's own.
    expect(pulled).toBe(Math.round(lengthMs / minute) + 1)
  }
})

test('the last day is told in quarters of an hour', () => {
  const { traffic, goTo, pull } = createWorld()
  for (let at = 0; at < 30 * 4; at++) {
    goTo(at * 15 * minute + minute)
    pull()
  }
  const quarters = traffic.quarters()
  expect(quarters.length).toBeGreaterThanOrEqual(96)
  expect(quarters.length).toBeLessThanOrEqual(98)
  expect(quarters.every(({ rows }) => rows[0]?.requests === 1)).toBe(true)
  const ends = quarters.map(({ endMs }) => endMs)
  expect(ends).toEqual(ends.toSorted((a, b) => a - b))
})

test('repositories are told by the hour, and those that no mirror holds apart', () => {
  const { traffic, goTo, pull } = createWorld()
  pull({ repository: 'old', bytes: 1000 })
  goTo(3 * hour)
  pull({ repository: 'new', bytes: 10 })
  pull({ repository: 'missing', action: 'upstream', reason: 'not-mirrored', bytes: 5 })
  const names = (period: 'hour' | 'day' | 'start') =>
    traffic.during(period).repositories.map(({ name }) => name)
  expect(names('hour')).toEqual(['new', 'missing'])
  expect(names('day')).toEqual(['old', 'new', 'missing'])
  expect(names('start')).toEqual(['old', 'new', 'missing'])
  expect(traffic.during('day').notMirrored.map(({ name }) => name)).toEqual(['missing'])
  goTo(30 * hour)
  expect(names('day')).toEqual([])
  expect(names('start').length).toBe(3)
})

test.for<[string, Partial<RequestEvent>]>([
  ['a manifest', { kind: 'manifest' }],
  ['a HEAD', { method: 'HEAD' }],
  ['a refusal', { action: 'refuse', reason: 'refused' }],
])('%s is no pull of a repository', ([, change]) => {
  const { traffic, pull } = createWorld()
  pull(change)
  expect(traffic.during('start').repositories).toEqual([])
  expect(traffic.rows().length).toBe(1)
})
