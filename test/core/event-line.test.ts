import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventLine } from '../../src/core/event-line.ts'

const word = fc.stringMatching(/^[a-z0-9][a-z0-9._/-]{0,20}$/)
const published = fc.oneof(fc.constantFrom('eu-west-1', 'a"b', 'back\\slash', 'é', ''), fc.string())
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const client = maybe(
  fc.record({ cloud: fc.constantFrom('aws', 'gcp', 'azure'), region: published }),
)
// In the order of an event's fields, which is the order that they are written in.
const requests = fc
  .record({
    timeMs: fc.integer({ min: 0, max: 2e12 }),
    method: fc.constantFrom('GET', 'HEAD', 'other'),
    kind: fc.constantFrom('blob', 'manifest', 'version', 'refusal'),
    repository: maybe(word),
    reference: maybe(word),
    client,
    action: fc.constantFrom('mirror', 'upstream', 'refuse'),
    reason: fc.constantFrom('in-region', 'refused'),
    source: maybe(fc.constantFrom('memory', 'mirror')),
    mirror: maybe(published),
    insteadOf: maybe(published),
    upstream: maybe(published),
    status: fc.integer({ min: 200, max: 599 }),
    sizeBytes: maybe(fc.nat(1e13)),
    bytes: maybe(fc.nat(1e13)),
    durationMs: fc.integer({ min: 0, max: 3e6 }).map((us) => us / 1000),
    error: maybe(fc.string()),
  })
  .map(
    ({ client: { cloud, region } = {}, timeMs, method, kind, repository, reference, ...rest }) => {
      const first = { event: 'request', timeMs, method, kind, repository, reference }
      return { ...first, cloud, region, ...rest }
    },
  )

const plain = {
  event: 'request',
  timeMs: 1,
  method: 'GET',
  kind: 'blob',
  status: 307,
  durationMs: 0,
}

test('a request is written as JSON writes it', () => {
  const property = fc.property(requests, (event) => {
    expect(eventLine(event)).toBe(JSON.stringify(event))
  })
  fc.assert(property, { numRuns: 2000 })
})

test('the time is that of each, in one millisecond and in the next', () => {
  const times = [5, 5, 6].map((timeMs) => JSON.parse(eventLine({ ...plain, timeMs })).timeMs)
  expect(times).toEqual([5, 5, 6])
})

test('so is everything else', () => {
  const event = { event: 'mirror-out', timeMs: 1, mirror: 'aws/eu-west-1', why: 'it says "no"' }
  expect(eventLine(event)).toBe(JSON.stringify(event))
})

test('more words than it keeps are written all the same', () => {
  for (let n = 0; n < 5000; n++) {
    const region = `region-${n}`
    const event = { event: 'request', timeMs: n, method: 'GET', kind: 'blob', cloud: 'aws', region }
    expect(JSON.parse(eventLine({ ...event, status: 307, durationMs: 0 }))).toMatchObject({
      region,
    })
  }
})
