import { expect, test } from 'vitest'
import { costText } from '../../src/cli/sync-cost.ts'
import { syncJson, syncReport } from '../../src/cli/sync-report.ts'
import { parseDollars } from '../../src/core/money.ts'
import type { CostLine, RunCost } from '../../src/core/run-cost.ts'
import type { SyncSummary } from '../../src/sync/summary.ts'

const summary: SyncSummary = {
  dryRun: false,
  repositories: 1,
  manifests: 5,
  known: 0,
  plan: {
    wantedBlobs: 3,
    wantedBytes: 3e9,
    upstreamReads: 2,
    upstreamBytes: 2e9,
    writes: 4,
    writtenBytes: 4e9,
  },
  uploaded: { blobs: 2, bytes: 2e9 },
  copied: { blobs: 2, bytes: 2e9 },
  upstreamBytes: 2e9,
  mirrorBytes: 0,
  requests: {},
  cost: undefined,
  mirrors: [],
  problems: [],
  publication: 'new',
  generation: 7,
  durationMs: 1500,
}

const line = (what: string, dollars?: string): CostLine => ({
  what,
  quantity: 1,
  unit: 'bytes',
  price: undefined,
  cost: dollars === undefined ? undefined : parseDollars(dollars)!,
})

const cost: RunCost = {
  lines: [
    line('uploads to aws/a', '0.02'),
    line('read from registry.example', '0.24'),
    line('copies to aws/b', '0'),
    line('lists of aws/a', '0.005'),
    line('reads of aws/a', '0.0001'),
  ],
  total: parseDollars('0.2651')!,
  storage: [line('a month of aws/a', '12.3')],
  storageAMonth: parseDollars('12.3')!,
  complete: true,
}

test('names the most of what a run costs, largest first, and what storing costs a month', () => {
  expect(costText(cost, 'costs')).toBe(
    'this run costs $0.27 (read from registry.example $0.24, uploads to aws/a $0.02, lists of aws/a $0.005); storage: $12.30 a month',
  )
})

test('what has no known price is named, and the totals are said to be too little', () => {
  const lines = [line('read from registry.example'), line('uploads to aws/a', '0.02')]
  const unknown = { ...cost, lines, total: parseDollars('0.02')!, complete: false }
  expect(costText(unknown, 'would cost')).toBe(
    'this run would cost at least $0.02 (uploads to aws/a $0.02); storage: $12.30 a month; no price is known: read from registry.example',
  )
})

test('a run says what it asked, where bytes came from, what was known and what it costs', () => {
  const requests = { 'registry.example': 12, 'auth.example': 1 }
  const text = syncReport({ ...summary, known: 4, mirrorBytes: 1e9, requests, cost })
  expect(text.split('\n').slice(0, 5)).toEqual([
    '1 repository, 5 manifests (4 known from before), 3 blobs (3.0 GB)',
    'uploaded 2 (2.0 GB), copied 2 (2.0 GB), read 2.0 GB from upstreams and 1.0 GB from mirrors',
    '12 requests to registry.example, 1 request to auth.example',
    costText(cost, 'costs'),
    'generation 7 (new), 1.5 s',
  ])
})

test('a dry run says what it would cost', () => {
  expect(syncReport({ ...summary, dryRun: true, cost })).toContain(
    `would write 4 objects (4.0 GB) to mirrors\n${costText(cost, 'would cost')}\n`,
  )
})

test.for<[SyncSummary['publication'], string]>([
  ['none', 'nothing published, 1.5 s'],
  ['unchanged', 'generation 7 (unchanged), 1.5 s'],
  ['pinned', 'nothing published: clients stay with generation 7, which is pinned, 1.5 s'],
  ['superseded', 'nothing published: another run was first, with generation 7, 1.5 s'],
])('says that the publication is %s', ([publication, text]) => {
  expect(syncReport({ ...summary, publication })).toContain(`\n${text}\n`)
})

test('machines get the cost as decimal texts, and the rest as it is', () => {
  const json = JSON.parse(syncJson({ ...summary, cost }))
  expect(json).toMatchObject({
    ...summary,
    cost: { totalDollars: '0.2651', storageAMonthDollars: '12.3', complete: true },
  })
  expect(JSON.parse(syncJson(summary))).toEqual(summary)
})
