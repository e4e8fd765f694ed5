import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MirrorChoice } from '../../../src/core/estimate/choose.ts'
import { chooseMirrors } from '../../../src/core/estimate/choose.ts'
import { priceSet } from '../../../src/core/estimate/cost.ts'
import type { EstimateModel } from '../../../src/core/estimate/model.ts'
import { exactDollars } from '../../../src/core/money.ts'
import type { Pulls } from './world.ts'
import { gib, modelOf, siteOf } from './world.ts'

const ids = ({ mirrors }: MirrorChoice) => mirrors.map(({ site }) => site.id)

describe('mirrors', () => {
  test('are where most is saved, in that order, and as many as may be', () => {
    const model = modelOf([
      ['aws/eu-west-1', 1, gib, 1000],
      ['aws/us-east-1', 1, gib, 3000],
      ['aws/ap-northeast-1', 1, gib, 500],
    ])
    expect(ids(chooseMirrors(model, 12))).toEqual([
      'aws/us-east-1',
      'aws/eu-west-1',
      'aws/ap-northeast-1',
    ])
    expect(ids(chooseMirrors(model, 2))).toEqual(['aws/us-east-1', 'aws/eu-west-1'])
  })

  test('that cost more than they save are not proposed, and it is said why', () => {
    // 100 GiB, each read a hundred times there, and once in Ireland: $2 saved by a mirror of $2.30.
    const all = Array.from({ length: 100 }, (_, blob): readonly Pulls[] => [
      ['aws/us-east-1', blob, gib, 100],
      ['aws/eu-west-1', blob, gib],
    ])
    const model = modelOf(all.flat())
    const choice = chooseMirrors(model, 12)
    expect(ids(choice)).toEqual(['aws/us-east-1'])
    const next = choice.runnersUp.find(({ site }) => site.id === 'aws/eu-west-1')!
    // Storage, a copy and a hundred writes, of which a twelfth counts.
    expect([next.saves, next.costs].map(exactDollars)).toEqual(['2', '2.466708333'])
    expect(choice.runnersUp[0]).toBe(next)
  })

  test('are none where none pays', () => {
    const choice = chooseMirrors(modelOf([['aws/us-east-1', 1, 1000]]), 12)
    expect(choice.mirrors).toEqual([])
    expect(choice.withMirrors).toEqual(choice.without)
  })

  test('past the most are told as ones that would pay', () => {
    const model = modelOf([
      ['aws/us-east-1', 1, gib, 3000],
      ['aws/eu-west-1', 1, gib, 1000],
    ])
    const [next] = chooseMirrors(model, 1).runnersUp
    expect(next!.site.id).toBe('aws/eu-west-1')
    expect(next!.saves > next!.costs).toBe(true)
  })

  test('outside the clouds come beside the others, and take no client from them', () => {
    const model = modelOf([
      ['-', 1, gib, 5000],
      ['aws/us-east-1', 1, gib, 1000],
    ])
    expect(ids(chooseMirrors(model, 1))).toEqual(['aws/us-east-1', 'r2/global'])
    expect(ids(chooseMirrors(model, 0))).toEqual(['r2/global'])
  })

  test('each add what makes the whole', () => {
    const model = modelOf([
      ['-', 1, gib, 5000],
      ['aws/us-east-1', 1, gib, 1000],
      ['aws/eu-west-1', 1, gib, 700],
    ])
    const { mirrors, without, withMirrors } = chooseMirrors(model, 12)
    const added = mirrors.reduce((sum, { netAMonth }) => sum + netAMonth, 0n)
    expect(added).toBe(without.total - withMirrors.total)
    expect(mirrors.map(({ heldBytes }) => heldBytes)).toEqual([gib, gib, gib])
  })

  test('are gone over again: the first that was taken need not stay', () => {
    // One mirror is best in a region from where both cost $0.02 a GiB, not $0.09. Two are not.
    const model = modelOf([
      ['aws/ap-northeast-1', 1, gib, 1000],
      ['aws/ap-southeast-1', 1, gib, 1000],
    ])
    expect(ids(chooseMirrors(model, 1))).toEqual([expect.not.stringContaining('ap-')])
    const choice = chooseMirrors(model, 2)
    const best = bestOf(model, 2)
    // With room for more, it is left without clients.
    expect(ids(chooseMirrors(model, 12))).toEqual(ids(choice))
    expect(ids(choice)).toEqual(['aws/ap-northeast-1', 'aws/ap-southeast-1'])
    expect(choice.withMirrors.total).toBe(best)
  })
})

/** The least of all sets of so many sites with clients. */
function bestOf(model: EstimateModel, most: number): bigint {
  const own = model.places.flatMap(({ demand: { location } }) =>
    location === undefined ? [] : [siteOf(model, `${location.cloud}/${location.region}`)],
  )
  const sets = own.reduce<number[][]>(
    (all, site) => [...all, ...all.map((set) => [...set, site])],
    [[]],
  )
  const totals = sets.filter((set) => set.length <= most).map((set) => priceSet(model, set).total)
  return totals.reduce((least, total) => (total < least ? total : least))
}

test('no mirror left out, added or moved makes a choice cheaper, whatever was pulled', () => {
  const names = 'eu-west-1 eu-west-3 us-east-1 us-east-2 us-west-2 sa-east-1 ap-south-1 af-south-1'
  const pulls = fc.tuple(
    fc.constantFrom(...names.split(' ').map((region) => `aws/${region}`)),
    fc.nat(5),
    fc.integer({ min: 1, max: 40_000_000_000 }),
    fc.integer({ min: 1, max: 5 }),
  )
  fc.assert(
    fc.property(fc.array(pulls, { minLength: 1, maxLength: 12 }), fc.nat(3), (some, most) => {
      const model = modelOf(some, { clouds: ['aws'] })
      const { mirrors, withMirrors, without } = chooseMirrors(model, most)
      const chosen = mirrors.map(({ site }) => siteOf(model, site.id))
      expect(mirrors.length).toBeLessThanOrEqual(most)
      expect(withMirrors.total <= without.total).toBe(true)
      const others = [...model.sites.keys()].filter((site) => !chosen.includes(site))
      const changes = [
        ...(mirrors.length < most ? others.map((site) => [...chosen, site]) : []),
        ...chosen.flatMap((site) => {
          const rest = chosen.filter((each) => each !== site)
          return [rest, ...others.map((other) => [...rest, other])]
        }),
      ]
      const least = changes.map((set) => priceSet(model, set).total)
      expect(least.every((total) => total >= withMirrors.total)).toBe(true)
    }),
    { numRuns: 20 },
  )
})
