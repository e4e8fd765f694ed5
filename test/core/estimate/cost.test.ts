import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import priceList from '../../../data/prices.json' with { type: 'json' }
import type { SetCost } from '../../../src/core/estimate/cost.ts'
import { priceSet } from '../../../src/core/estimate/cost.ts'
import { demandOf } from '../../../src/core/estimate/demand.ts'
import { findMemoryPrices } from '../../../src/core/estimate/memory.ts'
import type { EstimateModel } from '../../../src/core/estimate/model.ts'
import { createModel } from '../../../src/core/estimate/model.ts'
import { costByPlace } from '../../../src/core/estimate/places.ts'
import { findSites } from '../../../src/core/estimate/sites.ts'
import { exactDollars } from '../../../src/core/money.ts'
import { createPrices } from '../../../src/core/prices.ts'
import type { Pulls } from './world.ts'
import {
  gather,
  gib,
  lineOf,
  modelOf,
  monthMs,
  placeOf,
  prices,
  regionList,
  regions,
  siteOf,
  upstream,
} from './world.ts'

/** What a month costs with mirrors in these places. */
function cost(model: EstimateModel, ...ids: readonly string[]): SetCost {
  return priceSet(
    model,
    ids.map((id) => siteOf(model, id)),
  )
}

const shown = ({ upstream: sent, egress, reads, storage, filling }: SetCost) =>
  [sent, egress, reads, storage, filling].map(exactDollars)

/** Where each place with traffic is served from: `*` says that the configuration has to say it. */
function waysOf(model: EstimateModel, { taken }: SetCost): Record<string, string> {
  return Object.fromEntries(
    model.places.flatMap(({ demand: { location, pulls } }, at) => {
      if (pulls === 0) return []
      const { site, isOverride } = taken[at]!
      const from = site === undefined ? 'upstream' : model.sites[site]!.id
      const name = location === undefined ? '-' : `${location.cloud}/${location.region}`
      return [[name, `${from}${isOverride ? ' *' : ''}`]]
    }),
  )
}

describe('the sites of mirrors', () => {
  test('are all regions of the clouds with a price, and one outside, but none in the upstream’s cloud', () => {
    const ids = findSites(regionList, ['aws', 'gcp', 'r2'], 'gcp', prices).map(({ id }) => id)
    expect(ids).toContain('aws/us-gov-west-1')
    // China's prices are not known.
    expect(ids).not.toContain('aws/cn-north-1')
    expect(ids.filter((id) => !id.startsWith('aws/'))).toEqual(['r2/global'])
    expect(ids).toEqual(ids.toSorted())
    const turned = findSites(regionList.toReversed(), ['aws', 'gcp', 'r2'], 'gcp', prices)
    expect(turned.map(({ id }) => id)).toEqual(ids)
  })

  test('are where one wants them', () => {
    const clouds = (names: readonly ('aws' | 'gcp' | 'r2')[]) => [
      ...new Set(findSites(regionList, names, 'azure', prices).map(({ cloud }) => cloud)),
    ]
    expect([clouds(['gcp']), clouds(['r2', 'aws'])]).toEqual([['gcp'], ['aws', 'r2']])
  })
})

describe('what a month costs', () => {
  test('is the upstream’s price without mirrors', () => {
    const model = modelOf([['aws/eu-west-1', 1, gib, 100]])
    expect(shown(cost(model))).toEqual(['12', '0', '0', '0', '0'])
    expect(cost(model).total).toBe(12_000_000_000n)
  })

  test('is storage, requests and a share of the filling with a mirror in the region', () => {
    const model = modelOf([['aws/eu-west-1', 1, gib, 100]])
    // A GiB read once for $0.12, one write, and 100 reads at $0.0004 for 1000.
    expect(shown(cost(model, 'aws/eu-west-1'))).toEqual(['0', '0', '0.00004', '0.023', '0.120005'])
    expect(exactDollars(cost(model, 'aws/eu-west-1').total)).toBe('0.033040417')
  })

  test('goes through the upstream’s tiers, what one list has together', () => {
    const model = modelOf([
      ['aws/eu-west-1', 1, gib, 6000],
      ['-', 1, gib, 6000],
      ['aws/ap-southeast-2', 1, gib, 10],
    ])
    // 10,240 GiB at $0.12 and 1760 at $0.11; Sydney is on a list of its own, at $0.19.
    expect(exactDollars(cost(model).upstream)).toBe('1424.3')
  })

  test('has a blob that several mirrors hold read from the upstream once, and copied', () => {
    const model = modelOf([
      ['aws/eu-west-1', 1, gib, 10],
      ['aws/us-east-1', 1, gib, 10],
      ['aws/af-south-1', 1, gib, 10],
      ['aws/us-gov-west-1', 1, gib, 10],
    ])
    const all = ['aws/eu-west-1', 'aws/us-east-1', 'aws/af-south-1', 'aws/us-gov-west-1']
    // $0.12 from the upstream, $0.02 for each copy from where it is cheapest, none into another
    // partition, and four writes.
    expect(exactDollars(cost(model, ...all).filling)).toBe('0.16002')
  })

  test('counts what mirrors are told to hold where it is told', () => {
    const model = modelOf([['aws/eu-west-1', 1, gib, 10]], { storedBytes: 10 * gib })
    const { held, storage } = cost(model, 'aws/eu-west-1')
    expect([...held.values()]).toEqual([{ bytes: 10 * gib, blobs: 10 }])
    expect(exactDollars(storage)).toBe('0.23')
  })

  test('counts no writes where nothing says how large blobs are', () => {
    const model = modelOf([['aws/eu-west-1', 1, 0, 10]], { storedBytes: 500 })
    expect([...cost(model, 'aws/eu-west-1').held.values()]).toEqual([{ bytes: 500, blobs: 0 }])
  })

  test('counts a mirror that nobody is sent to as nothing', () => {
    const model = modelOf([['aws/eu-west-1', 1, gib, 10]])
    expect(cost(model, 'aws/eu-west-1', 'aws/us-east-1')).toEqual(cost(model, 'aws/eu-west-1'))
  })

  test('copies as if from outside where no price inside is known', () => {
    const none = { clouds: { aws: { betweenRegions: [{ perGb: null }] } } }
    const model = modelOf(
      [
        ['aws/eu-west-1', 1, gib, 10],
        ['aws/us-east-1', 1, gib, 10],
      ],
      { prices: createPrices(priceList, none) },
    )
    expect(exactDollars(cost(model, 'aws/eu-west-1', 'aws/us-east-1').filling)).toBe('0.21001')
    expect(waysOf(model, cost(model, 'aws/eu-west-1'))).toEqual({
      'aws/eu-west-1': 'aws/eu-west-1',
      'aws/us-east-1': 'upstream',
    })
  })

  test('has manifests come from the upstream in any case', () => {
    const gathering = gather([['aws/eu-west-1', 1, gib, 10]])
    const location = placeOf('aws/eu-west-1')
    gathering.take(lineOf({ kind: 'manifest', location, bytes: gib }))
    const demand = demandOf(gathering, { periodMs: monthMs, sample: 1 })!
    const sites = findSites(regionList, ['aws'], 'gcp', prices)
    const model = createModel({ demand, sites, upstream, prices, regions, storedBytes: undefined })
    const mirrored = cost(model, 'aws/eu-west-1')
    expect([cost(model).upstream, mirrored.upstream].map(exactDollars)).toEqual(['1.32', '0.12'])
    const [place] = costByPlace(model, cost(model), mirrored)
    expect([place!.without, place!.withMirrors].map((each) => exactDollars(each!))).toEqual([
      '1.32',
      '0.120004',
    ])
  })
})

describe('clients are sent', () => {
  const all: readonly Pulls[] = [
    ['aws/eu-west-1', 1, gib],
    ['aws/eu-west-2', 1, gib],
    ['aws/us-gov-west-1', 1, gib],
    ['aws/cn-north-1', 1, gib],
    ['gcp/europe-west1', 1, gib],
    ['azure/westeurope', 1, gib],
    ['-', 1, gib],
  ]

  test('to the mirror in their region, else to the nearest of their cloud, else elsewhere', () => {
    const model = modelOf(all)
    expect(waysOf(model, cost(model, 'aws/eu-west-1', 'aws/us-east-1', 'r2/global'))).toEqual({
      'aws/eu-west-1': 'aws/eu-west-1',
      'aws/eu-west-2': 'aws/eu-west-1',
      // Walled off: they are sent nowhere outside.
      'aws/us-gov-west-1': 'upstream',
      'aws/cn-north-1': 'upstream',
      // At home.
      'gcp/europe-west1': 'upstream',
      'azure/westeurope': 'r2/global',
      '-': 'r2/global',
    })
  })

  test('to the upstream where there is no mirror for them', () => {
    const model = modelOf(all, { clouds: ['aws'] })
    const ways = waysOf(model, cost(model, 'aws/eu-west-1'))
    expect([ways['-'], ways['azure/westeurope']]).toEqual(['upstream', 'upstream'])
  })

  test('past the nearest mirror, to one from where it is cheaper', () => {
    const model = modelOf([
      ['aws/ap-southeast-2', 1, gib],
      ['aws/ap-southeast-1', 1, gib],
      ['aws/us-west-2', 1, gib],
      ['aws/us-east-1', 1, gib],
    ])
    const mirrors = ['aws/ap-southeast-1', 'aws/us-west-2', 'aws/us-east-1']
    // Singapore asks $0.09 a GiB to Sydney, either of the others $0.02: the nearer of these.
    expect(waysOf(model, cost(model, ...mirrors))).toMatchObject({
      'aws/ap-southeast-2': 'aws/us-west-2 *',
      'aws/ap-southeast-1': 'aws/ap-southeast-1',
    })
  })

  test('back to the upstream where that is cheaper than any mirror', () => {
    const model = modelOf([
      ['aws/af-south-1', 1, gib],
      ['aws/eu-west-1', 1, gib],
    ])
    // Cape Town asks $0.147 a GiB to Ireland, the upstream $0.12.
    expect(waysOf(model, cost(model, 'aws/af-south-1'))).toEqual({
      'aws/af-south-1': 'aws/af-south-1',
      'aws/eu-west-1': 'upstream *',
    })
  })

  test('elsewhere when they are nowhere known, as no line can name them', () => {
    const dear = { clouds: { r2: { internet: [{ perGb: '5' }] } } }
    const model = modelOf([['-', 1, gib]], { prices: createPrices(priceList, dear) })
    const { egress } = cost(model, 'r2/global')
    expect(waysOf(model, cost(model, 'r2/global'))).toEqual({ '-': 'r2/global' })
    expect(exactDollars(egress)).toBe('5.36870912')
  })
})

describe('places', () => {
  const all: readonly Pulls[] = [
    ['aws/eu-west-1', 1, gib, 3],
    ['-', 2, gib, 5],
    ['gcp/us-central1', 1, gib],
  ]

  test('share what a month costs, the dearest first', () => {
    const model = modelOf(all)
    const mirrored = cost(model, 'aws/eu-west-1')
    const places = costByPlace(model, cost(model), mirrored)
    expect(
      places.map(({ place, without, withMirrors, mirror }) => [
        place.demand.location?.region,
        exactDollars(without!),
        exactDollars(withMirrors!),
        mirror,
      ]),
    ).toEqual([
      [undefined, '0.6', '0.6', undefined],
      ['eu-west-1', '0.36', '0.0000012', 'aws/eu-west-1'],
      ['us-central1', '0', '0', undefined],
    ])
  })

  test('without traffic are left out, and those of no bytes cost nothing', () => {
    const model = modelOf([['aws/eu-west-1', 1, 0]])
    const places = costByPlace(model, cost(model), cost(model))
    expect(places.map(({ without }) => without)).toEqual([0n])
  })

  test('that no price is known for are in no total, and last', () => {
    const unpriced = { clouds: { gcp: { internet: [{ to: ['aws/eu-west-1'], perGb: null }] } } }
    const changes = { prices: createPrices(priceList, unpriced) }
    const model = modelOf(all, changes)
    const places = costByPlace(model, cost(model), cost(model, 'r2/global'))
    expect(places.at(-1)).toMatchObject({ without: undefined, withMirrors: undefined })
    expect(places.at(-1)!.place.demand.location?.region).toBe('eu-west-1')
    expect(exactDollars(cost(model).total)).toBe('0.6')
  })

  test('of the same cost come by their bytes', () => {
    const model = modelOf([
      ['gcp/us-central1', 1, gib],
      ['aws/eu-west-1', 1, 0],
    ])
    const places = costByPlace(model, cost(model), cost(model))
    expect(places.map(({ place }) => place.demand.location?.cloud)).toEqual(['gcp', 'aws'])
  })

  test('share all that clients read, to the nanodollar of each', () => {
    const names = ['aws/eu-west-1', 'aws/us-east-1', 'aws/sa-east-1', 'azure/eastus', '-']
    const pulls = fc.tuple(
      fc.constantFrom(...names),
      fc.nat(20),
      fc.nat(50_000_000_000),
      fc.integer({ min: 1, max: 3 }),
    )
    const sets = fc.subarray(['aws/eu-west-1', 'aws/us-east-1', 'r2/global'])
    fc.assert(
      fc.property(fc.array(pulls, { minLength: 1, maxLength: 8 }), sets, (some, ids) => {
        const model = modelOf(some)
        const { upstream: sent, egress, reads } = cost(model, ...ids)
        const shared = costByPlace(model, cost(model), cost(model, ...ids))
        const sum = shared.reduce((total, { withMirrors }) => total + withMirrors!, 0n)
        const difference = sum - (sent + egress + reads)
        expect(Math.abs(Number(difference))).toBeLessThanOrEqual(10)
      }),
      { numRuns: 30 },
    )
  })
})

describe('prices from memory', () => {
  test('are named where they are used', () => {
    const all: readonly Pulls[] = [
      ['aws/eu-west-1', 1, gib],
      ['aws/eu-west-3', 1, gib],
      ['aws/ap-southeast-4', 1, gib],
      ['-', 1, gib],
    ]
    const model = modelOf(all)
    expect(findMemoryPrices(model, cost(model))).toEqual([])
    expect(findMemoryPrices(model, cost(model, 'aws/eu-west-1', 'r2/global'))).toEqual([
      'storage in aws/eu-west-1',
    ])
    expect(findMemoryPrices(model, cost(model, 'aws/ap-southeast-4'))).toEqual([
      'storage in aws/ap-southeast-4',
      // To Ireland, at the rate that regions without one of their own are taken to have.
      'what aws/ap-southeast-4 sends',
    ])
  })

  test('are named of the upstream, and of what mirrors send', () => {
    const guess = { perGb: '0.1', source: 'memory' }
    const own = { clouds: { gcp: { internet: [guess] }, aws: { withinRegion: [guess] } } }
    const model = modelOf(
      [
        ['aws/eu-west-1', 1, gib],
        ['-', 1, gib],
      ],
      {
        prices: createPrices(priceList, own),
      },
    )
    expect(findMemoryPrices(model, cost(model, 'aws/eu-west-1'))).toEqual([
      'what gcp/us-central1 sends',
      'storage in aws/eu-west-1',
      'what aws/eu-west-1 sends',
    ])
  })
})
