import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import list from '../../data/prices.json' with { type: 'json' }
import { exactDollars, sumOf } from '../../src/core/money.ts'
import { createPrices } from '../../src/core/prices.ts'
import type { MirrorUse, RunCost, RunUse } from '../../src/core/run-cost.ts'
import { costJson, runCost } from '../../src/core/run-cost.ts'

const prices = createPrices(list)
const gib = 2 ** 30

function mirror(region: string, more: Partial<MirrorUse> = {}): MirrorUse {
  const nothing = { requests: 0, bytes: 0 }
  return {
    id: `aws/${region}`,
    cloud: 'aws',
    region,
    uploads: nothing,
    copies: [],
    lists: 0,
    reads: 0,
    bytesHeld: 0,
    ...more,
  }
}

const virginia = { id: 'aws/us-east-1', cloud: 'aws', region: 'us-east-1' }
const use: RunUse = {
  upstreams: [{ name: 'https://upstream', place: { cloud: 'gcp' }, bytesRead: 100 * gib }],
  mirrors: [
    mirror('us-east-1', {
      uploads: { requests: 2000, bytes: 100 * gib },
      lists: 10,
      reads: 5,
      bytesHeld: 1000 * gib,
    }),
    mirror('eu-west-1', {
      copies: [{ from: virginia, requests: 2000, bytes: 100 * gib }],
      bytesHeld: 1000 * gib,
    }),
  ],
}

const bill = (cost: RunCost) =>
  cost.lines.map((line) => [
    line.what,
    line.quantity,
    line.unit,
    line.price && exactDollars(line.price.nanodollars),
    line.cost === undefined ? undefined : exactDollars(line.cost),
  ])

test('a run is read once from the upstream, uploaded once, and copied to the other mirror', () => {
  const cost = runCost(use, prices)
  expect(bill(cost)).toEqual([
    ['read from https://upstream', 100 * gib, 'bytes', '0.12', '12'],
    ['uploads to aws/us-east-1', 2000, 'requests', '0.005', '0.01'],
    ['lists of aws/us-east-1', 10, 'requests', '0.005', '0.00005'],
    ['reads of aws/us-east-1', 5, 'requests', '0.0004', '0.000002'],
    ['copies to aws/eu-west-1', 2000, 'requests', '0.005', '0.01'],
    ['copy from aws/us-east-1 to aws/eu-west-1', 100 * gib, 'bytes', '0.02', '2'],
  ])
  expect(exactDollars(cost.total)).toBe('14.020052')
  expect(cost.storage.map(({ what }) => what)).toEqual([
    'a month of aws/us-east-1',
    'a month of aws/eu-west-1',
  ])
  expect(exactDollars(cost.storageAMonth)).toBe('46')
  expect(cost.complete).toBe(true)
})

test('a runner inside a cloud reads beside the upstream for nothing, and pays to send', () => {
  const runner = { cloud: 'gcp', region: 'us-central1' }
  const upstreams = [{ name: 'up', place: runner, bytesRead: 100 * gib }]
  const lines = bill(runCost({ ...use, runner, upstreams }, prices))
  expect(lines.slice(0, 3)).toEqual([
    ['read from up', 100 * gib, 'bytes', '0', '0'],
    ['uploads to aws/us-east-1', 2000, 'requests', '0.005', '0.01'],
    ['send to aws/us-east-1', 100 * gib, 'bytes', '0.12', '12'],
  ])
})

test('what has no price is in no total, and the bill says that it is not complete', () => {
  const cost = runCost(
    {
      upstreams: [{ name: 'up', place: undefined, bytesRead: 5 }],
      mirrors: [
        { ...mirror('attic'), id: 'ceph/attic', cloud: 'ceph', lists: 3, bytesHeld: 7 },
        mirror('us-east-1', { lists: 1000 }),
      ],
    },
    prices,
  )
  expect(bill(cost)).toEqual([
    ['read from up', 5, 'bytes', undefined, undefined],
    ['lists of ceph/attic', 3, 'requests', undefined, undefined],
    ['lists of aws/us-east-1', 1000, 'requests', '0.005', '0.005'],
  ])
  expect(cost).toMatchObject({ total: 5_000_000n, storageAMonth: 0n, complete: false })
})

test('a bill goes through JSON as decimal texts', () => {
  const upstreams = [{ name: 'up', place: undefined, bytesRead: 5 }]
  const json: unknown = JSON.parse(JSON.stringify(costJson(runCost({ ...use, upstreams }, prices))))
  expect(json).toMatchObject({
    lines: [
      { what: 'read from up', priceDollars: null, pricePer: null, priceSource: null },
      {
        unit: 'requests',
        quantity: 2000,
        priceDollars: '0.005',
        pricePer: 1000,
        costDollars: '0.01',
      },
      {},
      {},
      {},
      { priceDollars: '0.02', pricePer: gib, priceSource: 'aws-transfer', costDollars: '2' },
    ],
    totalDollars: '2.020052',
    storageAMonthDollars: '46',
    complete: false,
  })
})

test('the total is the sum of the lines, and grows with whatever grows', () => {
  const count = fc.nat({ max: 2 ** 50 })
  fc.assert(
    fc.property(count, count, count, (bytesRead, bytes, more) => {
      const of = (read: number, moved: number) =>
        runCost(
          {
            upstreams: [{ name: 'up', place: { cloud: 'gcp' }, bytesRead: read }],
            mirrors: [
              mirror('eu-west-1', { copies: [{ from: virginia, requests: 1, bytes: moved }] }),
            ],
          },
          prices,
        )
      const cost = of(bytesRead, bytes)
      expect(cost.total).toBe(sumOf(cost.lines.map((line) => line.cost!)))
      expect(of(bytesRead + more, bytes).total).toBeGreaterThanOrEqual(cost.total)
      expect(of(bytesRead, bytes + more).total).toBeGreaterThanOrEqual(cost.total)
    }),
  )
})
