import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { createAnalytics } from '../../../src/runtime/worker/analytics.ts'
import { readAnalyticsTraffic } from '../../../src/runtime/worker/analytics-traffic.ts'

const nowMs = Date.UTC(2026, 10, 26, 3, 7)
const { upstreams } = parseConfig(
  {
    upstreams: [
      { registry: 'https://one.example' },
      { registry: 'https://two.example', repositories: 'two' },
    ],
  },
  'the test',
)
const row = (given: object) => ({
  action: 'mirror',
  reason: 'in-region',
  status: 307,
  cloud: 'aws',
  region: 'eu-west-1',
  place: 'aws/eu-west-1',
  repository: 'app',
  oldest: String(nowMs / 1000 - 7200),
  // Analytics Engine writes large numbers as texts, and samples.
  requests: '30',
  bytes: '3000.4',
  unsized: 0,
  ...given,
})
const upstreamRow = row({
  action: 'upstream',
  reason: 'not-mirrored',
  place: '',
  repository: 'two/x',
})

test('what isolates counted together is what a report is made of', async () => {
  const asked: string[] = []
  const ask = (sql: string) => {
    asked.push(sql)
    const slot = Math.floor(nowMs / 900_000)
    return Promise.resolve(
      sql.includes('intDiv')
        ? [{ slot, action: 'mirror', status: 307, requests: 3, bytes: 300, unsized: 1 }]
        : [row({}), upstreamRow, row({ status: 502, repository: 'bad' })],
    )
  }
  const traffic = await readAnalyticsTraffic({ ask, dataset: 'points' }, upstreams, nowMs)
  expect(asked).toHaveLength(4)
  for (const sql of asked) {
    expect(sql).toMatch(/FROM points WHERE blob1 = 'request' AND blob2 = 'blob' AND blob3 = 'GET'/)
    expect(sql).toContain('SUM(double3 * double1 * _sample_interval) AS bytes')
  }
  expect(asked.map((sql) => /INTERVAL '\d+' \w+/.exec(sql)?.[0])).toEqual([
    "INTERVAL '1' DAY",
    "INTERVAL '1' HOUR",
    "INTERVAL '1' DAY",
    "INTERVAL '90' DAY",
  ])

  const { lengthMs, rows, repositories, notMirrored } = traffic.during('day')
  expect([traffic.during('hour').lengthMs, lengthMs]).toEqual([3_600_000, 7_200_000])
  expect(rows).toMatchObject([
    { mirror: 'aws/eu-west-1', upstream: 'https://one.example', requests: 30, bytes: 3000 },
    { mirror: '', upstream: 'https://two.example', requests: 30 },
    { status: 502, requests: 30, bytes: 0, unsized: 0 },
  ])
  expect(repositories.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['app', 3000],
    ['two/x', 3000],
    ['bad', 0],
  ])
  expect(notMirrored.map(({ name }) => name)).toEqual(['two/x'])

  const quarters = traffic.quarters()
  expect(quarters).toHaveLength(96)
  expect(quarters.at(-1)).toMatchObject({ endMs: nowMs, rows: [{ bytes: 300, unsized: 1 }] })
  expect(quarters.at(-2)).toEqual({ endMs: Date.UTC(2026, 10, 26, 3), rows: [] })
})

test('with no point at all nothing was counted', async () => {
  const ask = () => Promise.resolve([])
  const traffic = await readAnalyticsTraffic({ ask, dataset: 'points' }, upstreams, nowMs)
  expect(traffic.during('start')).toMatchObject({ lengthMs: 1, rows: [], repositories: [] })
})

test.for<[string, object, string]>([
  ['nothing', {}, 'wanted the account’s id in ANALYTICS_ACCOUNT, and a token'],
  [
    'an account that is none',
    { ANALYTICS_ACCOUNT: '../x', ANALYTICS_TOKEN: 't' },
    'wanted the account’s id in ANALYTICS_ACCOUNT',
  ],
  [
    'a data set that is none',
    { ANALYTICS_ACCOUNT: 'a', ANALYTICS_TOKEN: 't', ANALYTICS_DATASET: 'a b' },
    'wanted the name of a data set in ANALYTICS_DATASET',
  ],
])('of %s it says what is lacking', ([, env, lacking]) => {
  expect(createAnalytics(env)).toMatchObject({ lacking: expect.stringContaining(lacking) })
})

test('it is asked with the token, and what is no answer is said without it', async () => {
  let [status, body] = [200, '{"data":[{"a":1}]}']
  const heard: unknown[] = []
  const server = createServer((request, response) => {
    heard.push([request.method, request.url, request.headers.authorization])
    response.writeHead(status, { Location: '/elsewhere' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const analytics = createAnalytics({
    ANALYTICS_ACCOUNT: 'abc',
    ANALYTICS_TOKEN: 'very-secret',
    ANALYTICS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  if ('lacking' in analytics) throw new Error(analytics.lacking)
  expect(await analytics.ask('SELECT 1')).toEqual([{ a: 1 }])
  const path = '/client/v4/accounts/abc/analytics_engine/sql'
  expect(heard).toEqual([['POST', path, 'Bearer very-secret']])

  const answers = [
    [422, 'unknown column', /^Analytics Engine answered 422: unknown column$/],
    [302, '', /^Analytics Engine answered 302: $/],
    [200, '{}', /wanted a list of rows, got none/],
    [200, 'busy', /JSON/],
  ] as const
  for (const [next, text, problem] of answers) {
    ;[status, body] = [next, text]
    const failure = await analytics.ask('SELECT 1').catch((error: unknown) => error as Error)
    expect((failure as Error).message).toMatch(problem)
    expect((failure as Error).message).not.toContain('very-secret')
  }
  expect(heard).toHaveLength(5)
})
