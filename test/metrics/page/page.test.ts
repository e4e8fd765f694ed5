import { expect, test } from 'vitest'
import { createPage } from '../../../src/metrics/page/page.ts'
import type { PageDeps } from '../../../src/metrics/page/page.ts'
import type { Report } from '../../../src/metrics/report.ts'
import { periods } from '../../../src/metrics/traffic-record.ts'
import {
  dollar,
  hourMs,
  locationOf,
  mirrorReport,
  missedOf,
  money,
  nowMs,
  periodOf,
  reportOf,
  ways,
} from './reports.ts'
import { typicalReport } from './typical-day.ts'
import { problemsOf, textOf } from './well-formed.ts'

function open(report: Report, deps: Partial<PageDeps> = {}) {
  const page = createPage({
    report: () => report,
    explain: async () => [],
    version: '1.2.3',
    now: () => nowMs,
    ...deps,
  })
  return async (path: string) => {
    const response = await page.request(path)
    const body = await response.text()
    return { response, body, text: textOf(body) }
  }
}

const hostile = `"><script>alert('&')</script>`
const busy = { ...ways([3e12, 1e12], [300, 100]), money: money(270n * dollar, 90n * dollar) }
const worlds: readonly (readonly [string, Report])[] = [
  ['nothing at all', reportOf()],
  ['a typical day', typicalReport()],
  [
    'a thousand regions',
    reportOf(
      {},
      {
        ...busy,
        locations: Array.from({ length: 1000 }, (_, i) => locationOf(`aws/r-${i}`, busy)),
      },
    ),
  ],
  [
    'a thousand missed savings',
    reportOf({
      missed: Array.from({ length: 1000 }, (_, i) =>
        missedOf({ location: `aws/r-${i}`, savesAMonth: BigInt(500 - i) * dollar }),
      ),
    }),
  ],
  [
    'no prices',
    reportOf({}, { ...ways([5e9, 5e9], [5, 5]), money: money(0n, 0n, 1e10), locations: [] }),
  ],
  [
    'no sizes',
    reportOf(
      { quarters: [{ endMs: nowMs, ...ways([0, 0], [5, 5], 10) }] },
      { ...ways([0, 0], [5, 5], 10), locations: [locationOf('-', ways([0, 0], [5, 5], 10))] },
    ),
  ],
  [
    'numbers as large as they come',
    reportOf(
      { quarters: [{ endMs: nowMs, ...ways([9e18, 9e18], [9e15, 9e15]) }] },
      {
        ...ways([9e18, 9e18], [9e15, 9e15]),
        money: money(10n ** 24n, 10n ** 24n),
        locations: [locationOf('aws/us-east-1', { ...busy, ...ways([9e18, 1], [9e15, 1]) })],
      },
    ),
  ],
  [
    'hostile names',
    reportOf(
      {
        mirrors: [mirrorReport(hostile)],
        ranges: [{ cloud: hostile, dateMs: nowMs }],
        missed: [missedOf({ advice: { text: hostile, configuration: hostile, command: hostile } })],
      },
      {
        ...busy,
        locations: [locationOf(hostile, busy)],
        repositories: [{ name: hostile, requests: 1, bytes: 1, unsized: 0 }],
      },
    ),
  ],
]

test.for(worlds)(
  'the page of %s is whole in every period, and shows no broken number',
  async ([, report]) => {
    const get = open(report)
    for (const period of periods) {
      const { response, body, text } = await get(`/?period=${period}`)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('text/html; charset=UTF-8')
      expect(problemsOf(body)).toEqual([])
      expect(body).not.toMatch(/NaN|undefined|Infinity|\[object/)
      expect(text).toContain('Explain an answer')
      expect(body).not.toContain('<script>')
    }
  },
)

test('headings go down a level at a time, and the first is the only one of its level', async () => {
  const { body } = await open(typicalReport())('/')
  const levels = Array.from(body.matchAll(/<h([1-6])/g), ([, level]) => Number(level))
  expect(levels[0]).toBe(1)
  expect(levels.filter((level) => level === 1)).toHaveLength(1)
  for (const [index, level] of levels.entries()) {
    expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1)
  }
})

test('what has no script at all has no style and no address of others either', async () => {
  const { body } = await open(typicalReport())('/')
  expect(body).not.toMatch(/ style="| on\w+="|(?:src|href|action)="(?:https?:|\/)/)
  expect(body.match(/<script/g)).toHaveLength(1)
})

test.for<[string, string]>([
  ['/', 'text/html; charset=UTF-8'],
  ['/explain?ip=192.0.2.1&path=/v2/', 'text/html; charset=UTF-8'],
  ['/report.json', 'application/json'],
  ['/page.css', 'text/css; charset=utf-8'],
  ['/page.js', 'text/javascript; charset=utf-8'],
])('%s runs nothing of others, is not framed, and is not kept', async ([path, type]) => {
  const { response } = await open(reportOf())(path)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': type,
    'content-security-policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
})

test.for<[string, string]>([
  ['/', 'Last day'],
  ['/?period=hour', 'Last hour'],
  ['/?period=start', 'Since start'],
  ['/?period=century', 'Last day'],
  ['/explain?period=hour', 'Last hour'],
])('%s shows the period "%s"', async ([path, name]) => {
  const { body } = await open(reportOf())(path)
  const current = Array.from(
    body.matchAll(/aria-current="true"[^>]*>([^<]+)</g),
    ([, each]) => each,
  )
  expect(current).toEqual([name])
})

test('the figures are those of the chosen period', async () => {
  const report = {
    ...reportOf(),
    periods: [
      periodOf({ period: 'hour', lengthMs: hourMs, ...ways([1e9, 0], [1, 0]) }),
      periodOf({ period: 'day', ...ways([2e9, 0], [2, 0]) }),
      periodOf({ period: 'start', lengthMs: 50 * hourMs, ...ways([3e9, 0], [3, 0]) }),
    ],
  }
  const get = open(report)
  for (const [period, bytes] of [
    ['hour', '1e9'],
    ['day', '2e9'],
    ['start', '3e9'],
  ] as const) {
    const { body } = await get(`/?period=${period}`)
    expect(body).toContain(`<data value="${Number(bytes)}"`)
  }
})

test('a day says what it saved, and what to do first to save more', async () => {
  const missed = [
    missedOf({
      advice: {
        text: 'Put a mirror there.',
        configuration: '"mirrors": [{ "id": "aws/ap-south-1" }]',
        command: 'nearport sync',
      },
    }),
    missedOf({ location: 'aws/eu-west-2', savesAMonth: dollar }),
    missedOf({ location: '-', reason: 'no-location', savesAMonth: -dollar }),
  ]
  const moneyAMonth = money(8100n * dollar, 2700n * dollar)
  const { text, body } = await open(reportOf({ missed }, { ...busy, moneyAMonth }))('/')
  expect(text).toContain('$270.00 saved in the last day: 75 % of 4.00 TB stayed home')
  expect(text).toContain(
    'At this rate, $8,100.00 saved a month, and $2,700.00 a month still spent on the upstream.',
  )
  expect(text).toContain('Save $11.00 a month more. Put a mirror there. How to do it')
  expect(text).toContain('Another $1.00 : aws/eu-west-2, no-mirror')
  expect(body).toContain('href="#missed-no-mirror-aws/ap-south-1"')
  expect(text).toContain('In nearport.json "mirrors": [{ "id": "aws/ap-south-1" }] Copy')
  expect(text).toContain('Run nearport sync Copy')
  expect(text).toContain('1 way on which nothing can be saved')
})

test('less than an hour is not taken for a month', async () => {
  const young = { ...busy, lengthMs: 60_000, moneyAMonth: money(dollar, 0n) }
  const { text } = await open(reportOf({}, young))('/?period=hour')
  expect(text).toContain('Were every hour like this, $1.00 saved a month')
  expect(text).toContain('since the start 1 min ago')
})

test.for<[string, Report, string]>([
  ['nothing was ever pulled', reportOf(), 'Nobody has pulled a blob yet.'],
  [
    'nothing was pulled of late',
    {
      ...reportOf(),
      periods: [...reportOf().periods.slice(0, 2), periodOf({ ...busy, period: 'start' })],
    },
    'A longer one may have something to show.',
  ],
  [
    'there is no mirror',
    reportOf(),
    'No mirror is configured, so every blob comes from the upstream.',
  ],
  ['there is no index', reportOf(), 'No index of what mirrors hold is loaded.'],
  ['no document is in use', reportOf(), 'No document of addresses is in use'],
  [
    'nobody can say what would save more',
    reportOf({ missed: [missedOf({ savesAMonth: undefined })] }, busy),
    'Something may save more, but nobody can say how much.',
  ],
  ['nothing can be saved', reportOf({}, busy), 'Nothing is known to do that would save more.'],
  ['no price is known', worlds[4]![1], '50 % stayed home of 10.0 GB in the last day'],
  ['no size is known', worlds[5]![1], 'The last day, in pulls'],
])('it says so where %s', async ([, report, sentence]) => {
  const { text } = await open(report)('/')
  expect(text).toContain(sentence)
})

test('what is not known is not shown as zero', async () => {
  const { text } = await open(worlds[5]![1])('/')
  expect(text).toContain('Bytes not known not known Share of bytes not known not known')
  expect(text).toContain('2026-11-25 14:03 not known not known 10')
  expect(text).toContain('Cost not known not known')
  expect(text).toContain('nowhere known 5 pulls not known 5 pulls not known')
  const priceless = await open(worlds[4]![1])('/')
  expect(priceless.text).toContain('Bytes 5.00 GB 5.00 GB')
  expect(priceless.text).toContain('Cost not known not known')
})

test('documents of addresses tell their age, where they are from, and how the last look ended', async () => {
  const lookedAtMs = nowMs - 3 * hourMs
  const ranges = [
    { cloud: 'aws', dateMs: nowMs - 72 * hourMs, from: 'https://a.example/d', lookedAtMs },
    { cloud: 'gcp', dateMs: nowMs - 99 * hourMs, lookedAtMs, outcome: 'unchanged', problems: [] },
    { cloud: 'azure', dateMs: undefined, lookedAtMs, outcome: 'refused', problems: ['a', 'b'] },
  ]
  const { text } = await open(reportOf({ ranges }))('/')
  expect(text).toContain('aws a.example 2026-11-22 3 d')
  expect(text).toContain('gcp ✓ unchanged, 3 h ago not fetched 2026-11-21 4 d')
  expect(text).toContain('azure ✕ refused, 3 h ago : a; b not fetched not known not known')
})

test('mirrors tell their health in words, their canary, and what was pulled from them', async () => {
  const mirrors = [
    mirrorReport('aws/us-east-1', { requests: 1200, bytes: 5e9 }),
    mirrorReport('aws/eu-west-1', {
      healthy: false,
      unhealthySinceMs: nowMs - 2 * hourMs,
      canaryAtMs: undefined,
    }),
    mirrorReport('aws/ap-south-1', { healthy: false, why: 'it failed <3 times' }),
  ]
  const index = { generation: 7, blobs: 31_000, bytes: 4e6, checkedAtMs: nowMs - 180_000 }
  const { text } = await open(reportOf({ mirrors, index }))('/')
  expect(text).toContain('aws/us-east-1 ✓ healthy 1 min ago 1,200 5.00 GB')
  expect(text).toContain('aws/eu-west-1 ✕ left out, since 2 h ago not known none yet 0 B')
  expect(text).toContain('aws/ap-south-1 ✕ left out: it failed <3 times')
  expect(text).toContain('Index generation 7 : 31,000 blobs in 4.00 MB, found right 3 min ago .')
})

test('repositories say of which pulls nobody knows the size', async () => {
  const repositories = [
    { name: 'app', requests: 3, bytes: 5e9, unsized: 1 },
    { name: 'new', requests: 2, bytes: 0, unsized: 2 },
  ]
  const { text } = await open(reportOf({}, { repositories }))('/')
  expect(text).toContain('app 3 5.00 GB without 1 pull')
  expect(text).toContain('new 2 not known')
})

test('where nothing was ever pulled nothing is said of savings', async () => {
  const { text } = await open(reportOf())('/')
  expect(text).not.toContain('would save more')
})

test('all missed savings are counted, and those that the page has no room for are in the JSON', async () => {
  const { text, body } = await open(worlds[3]![1])('/')
  expect(text).toContain('495 more things to do')
  expect(text).toContain('500 ways on which nothing can be saved')
  expect(text).toContain('445 more in report.json')
  expect(body).toContain('<ol class="missed" start="6">')
})

test('an answer is explained step by step, with what was asked still in the form', async () => {
  const asked: unknown[] = []
  const get = open(reportOf(), {
    explain: async (...question) => {
      asked.push(question)
      return ['client: aws/eu-west-1', `location: ${hostile}`]
    },
  })
  const { body, text } = await get('/explain?ip=+54.72.0.10+&path=/v2/a/blobs/x&method=HEAD')
  expect(asked).toEqual([['HEAD', '/v2/a/blobs/x', '54.72.0.10']])
  expect(text).toContain('HEAD /v2/a/blobs/x from 54.72.0.10 client: aws/eu-west-1 location: ">')
  expect(body).toContain('value="54.72.0.10"')
  expect(body).toContain('<option selected>HEAD</option>')
  expect(problemsOf(body)).toEqual([])
})

test.for<[string, string, string]>([
  [
    'a path that is none',
    '/explain?ip=1.2.3.4&path=v2',
    'wanted a path that begins with /, got v2',
  ],
  ['no path', '/explain?ip=1.2.3.4', 'wanted a path that begins with /, got nothing'],
  ['what the other side cannot explain', '/explain?ip=x&path=/v2/', 'wanted an address, got x'],
  [
    'hostile text',
    `/explain?ip=${encodeURIComponent(hostile)}&path=/&method=${encodeURIComponent(hostile)}`,
    `wanted an address, got ${hostile}`,
  ],
])('%s is answered with what was wanted', async ([, path, problem]) => {
  const explain: PageDeps['explain'] = async (_method, _path, address) => ({
    problem: `wanted an address, got ${address}`,
  })
  const { body, text } = await open(reportOf(), { explain })(path)
  expect(text).toContain(problem)
  expect(problemsOf(body)).toEqual([])
})

test('nothing is explained that was not asked', async () => {
  const { body } = await open(reportOf())('/explain')
  expect(body).not.toContain('id="answer"')
})

test('the JSON is the report', async () => {
  const { body } = await open(reportOf({}, busy))('/report.json')
  const { madeAtMs, periods: found } = JSON.parse(body) as { madeAtMs: number; periods: object[] }
  expect(madeAtMs).toBe(nowMs)
  expect(found[1]).toMatchObject({ bytes: busy.bytes, money: { saved: '270' } })
})
