import { expect, test } from 'vitest'
import type { RequestEvent } from '../../src/core/event.ts'
import { createTally } from '../../src/core/tally.ts'

const upstreams = [
  { repositories: 'team', registry: 'https://team.example', namespace: '' },
  { repositories: '', registry: 'https://all.example', namespace: '' },
]
const pull: RequestEvent = {
  event: 'request',
  timeMs: 1,
  method: 'GET',
  kind: 'blob',
  repository: 'app',
  cloud: 'aws',
  region: 'eu-west-1',
  action: 'mirror',
  reason: 'in-region',
  mirror: 'aws/eu-west-1',
  status: 307,
  bytes: 100,
  durationMs: 1,
}

test('requests that went alike are one row, with what clients read', () => {
  const tally = createTally(() => upstreams)
  tally.record(pull)
  tally.record({ ...pull, bytes: 50 })
  expect(tally.rows()).toEqual([
    {
      kind: 'blob',
      method: 'GET',
      action: 'mirror',
      reason: 'in-region',
      status: 307,
      cloud: 'aws',
      region: 'eu-west-1',
      mirror: 'aws/eu-west-1',
      upstream: 'https://all.example',
      requests: 2,
      bytes: 150,
      unsized: 0,
    },
  ])
})

test.for<[string, Partial<RequestEvent>]>([
  ['method', { method: 'HEAD' }],
  ['status', { status: 500 }],
  ['region', { region: 'eu-west-3' }],
  ['mirror', { mirror: 'aws/us-east-1' }],
  ['reason', { reason: 'nearest' }],
  ['upstream', { repository: 'team/app' }],
])('another %s is another row', ([, other]) => {
  const tally = createTally(() => upstreams)
  tally.record(pull)
  tally.record({ ...pull, ...other })
  expect(tally.rows().map(({ requests }) => requests)).toEqual([1, 1])
})

test('a repository that no upstream serves, and a request of none, have none', () => {
  const tally = createTally(() => upstreams.slice(0, 1))
  const { repository: _, cloud: _cloud, region: _region, mirror: _mirror, ...version } = pull
  tally.record({ ...version, kind: 'version', action: 'version', reason: 'version', status: 200 })
  tally.record(pull)
  const rows = tally.rows()
  expect(rows.map(({ upstream }) => upstream)).toEqual(['', ''])
  expect(rows[0]).toMatchObject({ cloud: '', region: '', mirror: '', bytes: 0, unsized: 0 })
})

test('what nobody knows the size of is told apart', () => {
  const tally = createTally(() => upstreams)
  const { bytes: _, ...unsized } = pull
  tally.record({ ...unsized, action: 'upstream', reason: 'not-mirrored' })
  expect(tally.rows()).toMatchObject([{ requests: 1, bytes: 0, unsized: 1 }])
})

test('what was refused, or failed here or upstream, is read by nobody', () => {
  const tally = createTally(() => upstreams)
  tally.record({ ...pull, action: 'refuse', reason: 'refused', status: 405 })
  tally.record({ ...pull, error: 'it broke', status: 500 })
  tally.record({ ...pull, action: 'upstream', reason: 'credentials', status: 401 })
  expect(tally.rows()).toMatchObject([
    { bytes: 0, unsized: 0 },
    { bytes: 0, unsized: 0 },
    { bytes: 0, unsized: 0 },
  ])
})

test('a HEAD that is answered here reads nothing, and is known to', () => {
  const tally = createTally(() => upstreams)
  tally.record({ ...pull, method: 'HEAD', action: 'size', reason: 'known-size', bytes: 0 })
  expect(tally.rows()).toMatchObject([{ requests: 1, bytes: 0, unsized: 0 }])
})

test('from a mark to another, and from one to now', () => {
  const tally = createTally(() => upstreams)
  tally.record(pull)
  const first = tally.mark()
  tally.record(pull)
  tally.record({ ...pull, region: 'eu-west-3' })
  const second = tally.mark()
  tally.record({ ...pull, bytes: 7 })
  const read = (rows: ReturnType<typeof tally.rows>) =>
    rows.map(({ region, requests, bytes }) => [region, requests, bytes])
  expect(read(tally.rows(undefined, first))).toEqual([['eu-west-1', 1, 100]])
  expect(read(tally.rows(first, second))).toEqual([
    ['eu-west-1', 1, 100],
    ['eu-west-3', 1, 100],
  ])
  expect(read(tally.rows(second))).toEqual([['eu-west-1', 1, 7]])
})

test('more regions than there are anywhere are counted together: nothing is lost, nothing grows', () => {
  const tally = createTally(() => upstreams)
  for (let at = 0; at < 3000; at++) tally.record({ ...pull, region: `r-${at}` })
  tally.record({ ...pull, region: 'r-5' })
  const rows = tally.rows()
  expect(rows.length).toBe(1024)
  expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(3001)
  expect(rows.find(({ region }) => region === 'r-5')).toMatchObject({ requests: 2 })
  expect(rows.find(({ region }) => region === 'other')).toMatchObject({ requests: 3000 - 1023 })
})

test('kinds that differ in one label alone are never taken for each other', () => {
  const tally = createTally(() => upstreams)
  const kinds = ['blob', 'manifest', 'tags'] as const
  const methods = ['GET', 'HEAD', 'other']
  const places = ['a', 'b', 'c', 'd']
  for (const kind of kinds) {
    for (const method of methods) {
      for (const region of places) {
        for (const mirror of places) tally.record({ ...pull, kind, method, region, mirror })
      }
    }
  }
  const rows = tally.rows()
  expect(rows.length).toBe(3 * 3 * 4 * 4)
  expect(rows.every(({ requests }) => requests === 1)).toBe(true)
})

test('the address that was chosen of several is told apart from the first', () => {
  const tally = createTally(() => upstreams)
  tally.record({ ...pull, action: 'upstream', upstream: 'https://eu.example' })
  expect(tally.rows()).toMatchObject([{ upstream: 'https://eu.example' }])
})
