import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { RequestEvent, ServiceEvent } from '../../../src/core/event.ts'
import type { Point } from '../../../src/runtime/worker/events.ts'
import { createWorkerRecord, pointOf } from '../../../src/runtime/worker/events.ts'

const digest = `sha256:${'a'.repeat(64)}`
const request: RequestEvent = {
  event: 'request',
  timeMs: 1000,
  method: 'GET',
  kind: 'blob',
  repository: 'team/app',
  reference: digest,
  cloud: 'aws',
  region: 'eu-west-1',
  action: 'mirror',
  reason: 'in-region',
  mirror: 'aws/eu-west-1',
  status: 307,
  sizeBytes: 42,
  bytes: 10,
  durationMs: 0.5,
}
const index: ServiceEvent = {
  event: 'index',
  timeMs: 1000,
  outcome: 'loaded',
  generation: 7,
  blobs: 3,
  problems: ['aws/a: gone', 'aws/b: gone'],
}

test('a request is a point whose columns stand where the docs say', () => {
  const { indexes, blobs, doubles } = pointOf(request, 4)
  expect(indexes).toEqual(['team/app'])
  expect(named(blobs, 'blob')).toEqual({
    event: 'request',
    kind: 'blob',
    method: 'GET',
    repository: 'team/app',
    reference: digest,
    cloud: 'aws',
    region: 'eu-west-1',
    'action or outcome': 'mirror',
    reason: 'in-region',
    'mirror or upstream': 'aws/eu-west-1',
    error: '',
  })
  expect(named(doubles, 'double')).toEqual({
    weight: 4,
    status: 307,
    bytes: 10,
    'bytes known': 1,
    'size in bytes': 42,
    'duration in ms': 0.5,
    generation: 0,
    blobs: 0,
  })
})

test('a look for an index has what was wrong, and an index of its own', () => {
  const { indexes, blobs, doubles } = pointOf(index, 1)
  expect(indexes).toEqual(['index'])
  expect([blobs[7], blobs[10]]).toEqual(['loaded', 'aws/a: gone; aws/b: gone'])
  expect(doubles.slice(6)).toEqual([7, 3])
})

test('a point stays within what Analytics Engine takes', () => {
  const long = 'x'.repeat(5000)
  const { indexes, blobs } = pointOf({ ...request, repository: long, error: long }, 1)
  expect(indexes[0]).toHaveLength(96)
  expect(blobs.join('').length).toBeLessThan(2000)
})

test.for<[string, object, number, number, number]>([
  ['all, where nothing is said', {}, 100, 100, 1],
  ['a share of each', { LOG_SHARE: '0.5', EVENTS_SHARE: 0.25 }, 50, 25, 4],
  ['none', { LOG_SHARE: 0, EVENTS_SHARE: '0' }, 0, 0, 1],
  ['all, where what is said is no share', { LOG_SHARE: '', EVENTS_SHARE: 'x' }, 100, 100, 1],
])('of requests there are recorded %s', ([, shares, logged, written, weight]) => {
  const { lines, points, record, at } = createSink(shares)
  for (let n = 0; n < 100; n++) {
    at(n / 100)
    record(request)
  }
  expect([lines.length, points.length]).toEqual([logged, written])
  for (const { doubles } of points) expect(doubles[0]).toBe(weight)
})

test('what is no request is always told', () => {
  const { lines, points, record } = createSink({ LOG_SHARE: 0, EVENTS_SHARE: 0 })
  record(index)
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([index])
  expect(points.map(({ doubles }) => doubles[0])).toEqual([1])
})

test('an event that is not taken is no reason to fail', () => {
  const lines: string[] = []
  const EVENTS = {
    writeDataPoint() {
      throw new Error('too many')
    },
  }
  const record = createWorkerRecord({
    env: { EVENTS },
    log: (line) => lines.push(line),
    random: () => 0,
  })
  record(request)
  expect(lines.at(-1)).toContain('too many')
})

function createSink(shares: object) {
  const lines: string[] = []
  const points: Point[] = []
  let now = 0
  const EVENTS = { writeDataPoint: (point: unknown) => void points.push(point as Point) }
  const record = createWorkerRecord({
    env: { EVENTS, ...shares },
    log: (line) => lines.push(line),
    random: () => now,
  })
  return { lines, points, record, at: (next: number) => (now = next) }
}

/** Values by the names that docs/workers.md gives their columns. */
function named(values: readonly (string | number)[], kind: string): object {
  const doc = readFileSync(new URL('../../../docs/workers.md', import.meta.url), 'utf8')
  const rows = [...doc.matchAll(new RegExp(`^\\| \`${kind}(\\d+)\` +\\| ([^|]+?) +\\|`, 'gm'))]
  expect(rows).toHaveLength(values.length)
  return Object.fromEntries(rows.map(([, place, name]) => [name, values[Number(place) - 1]]))
}
