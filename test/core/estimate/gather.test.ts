import { describe, expect, test } from 'vitest'
import { mostPlaces } from '../../../src/core/estimate/blobs.ts'
import { demandOf } from '../../../src/core/estimate/demand.ts'
import { createGathering, joinSpans, lengthOf } from '../../../src/core/estimate/gather.ts'
import type { GatheringLimits } from '../../../src/core/estimate/gather.ts'
import type { Pulls } from './world.ts'
import { gather, highOf, lineOf, monthMs, placeOf } from './world.ts'

const dayMs = 86_400_000
const month = { periodMs: monthMs, sample: 1 }

describe('what is gathered of lines', () => {
  test('counts pulls and bytes by place, the first place being nowhere known', () => {
    const gathering = gather([
      ['aws/eu-west-1', 1, 10, 2],
      ['-', 1, 3],
      ['aws/eu-west-1', 2, NaN],
    ])
    expect(gathering.places()).toEqual([
      { location: undefined, pulls: 1, bytes: 3, squares: 9, unsized: 0, manifestBytes: 0 },
      {
        location: { cloud: 'aws', region: 'eu-west-1' },
        pulls: 3,
        bytes: 20,
        squares: 200,
        unsized: 1,
        manifestBytes: 0,
      },
    ])
    expect(gathering.blobs.size).toBe(2)
  })

  test('counts manifests apart, and nothing of what is neither', () => {
    const gathering = createGathering()
    const location = placeOf('aws/eu-west-1')
    gathering.take(lineOf({ kind: 'manifest', location, bytes: 700 }))
    gathering.take(lineOf({ kind: 'manifest', location, bytes: NaN }))
    gathering.take(lineOf({ kind: 'other', location, bytes: 5, lost: 4 }))
    expect(gathering.places()[1]).toMatchObject({ pulls: 0, bytes: 0, manifestBytes: 700 })
    expect([gathering.lost(), gathering.blobs.size]).toEqual([4, 0])
  })

  test('takes equal places for the same, and those past the most for nowhere known', () => {
    const gathering = createGathering()
    for (let region = 0; region < mostPlaces + 5; region++) {
      for (let time = 0; time < 2; time++) {
        gathering.take(lineOf({ location: { cloud: 'aws', region: `r-${region}` } }))
      }
    }
    const places = gathering.places()
    expect(places).toHaveLength(mostPlaces)
    expect(places[1]!.pulls).toBe(2)
    expect(places[0]!.pulls).toBe(2 * 6)
  })

  test('knows the time of each log, and of a log that does not say it, none', () => {
    const gathering = createGathering()
    for (const timeMs of [500, 100, NaN]) gathering.take(lineOf({ timeMs }))
    gathering.endLog()
    gathering.take(lineOf({ timeMs: NaN }))
    gathering.endLog()
    gathering.take(lineOf({ timeMs: 9 * dayMs }))
    expect(gathering.spans()).toEqual([
      { firstMs: 100, lastMs: 500 },
      { firstMs: 9 * dayMs, lastMs: 9 * dayMs },
    ])
    gathering.endLog()
    expect(gathering.spans()).toHaveLength(2)
  })

  test('is told the size of blobs that were pulled, and of no others', () => {
    const gathering = gather([['-', 1, NaN]])
    gathering.sizeBlob(highOf(1), 1, 50)
    gathering.sizeBlob(highOf(2), 2, 70)
    expect(gathering.blobs.sum([0])).toEqual({ blobs: 1, sized: 1, bytes: 50 })
    expect(gathering.blobs.size).toBe(1)
  })
})

type Ends = readonly [first: number, last: number]

test.for<[string, readonly Ends[], readonly Ends[]]>([
  ['of no log is none', [], []],
  ['of one log is its own', [[5, 25]], [[5, 25]]],
  [
    'of logs of other days leaves out what is between',
    [
      [3, 4],
      [0, 1],
    ],
    [
      [0, 1],
      [3, 4],
    ],
  ],
  [
    'of logs of several servers counts once',
    [
      [0, 10],
      [5, 20],
      [6, 8],
    ],
    [[0, 20]],
  ],
  [
    'of files of minutes goes through quiet hours',
    [
      [0, 0.1],
      [0.9, 1],
      [1.9, 2],
    ],
    [[0, 2]],
  ],
])('the time %s', ([, ends, joined]) => {
  const spans = joinSpans(
    ends.map(([first, last]) => ({ firstMs: first * dayMs, lastMs: last * dayMs })),
  )
  expect(spans.map(({ firstMs, lastMs }) => [firstMs / dayMs, lastMs / dayMs])).toEqual(joined)
  const days = joined.reduce((sum, [first, last]) => sum + last - first, 0)
  expect(lengthOf(spans)).toBe(days * dayMs)
})

describe('a month’s demand', () => {
  test('is what the logs have, times what a month is longer and the sample smaller', () => {
    const gathering = gather([['aws/eu-west-1', 1, 1000]])
    const of = (periodMs: number, sample: number) => {
      const { places, factor } = demandOf(gathering, { periodMs, sample })!
      return [factor, places[1]!.pulls, places[1]!.bytes]
    }
    expect(of(monthMs, 1)).toEqual([1, 1, 1000])
    expect(of(monthMs / 2, 0.1)).toEqual([20, 20, 20_000])
    // An hour's peak is no month.
    expect(of(3_600_000, 1)).toEqual(of(dayMs, 1))
  })

  test('counts a pull of no said size as its whole blob, of the region that pulled it', () => {
    const gathering = gather([
      ['aws/eu-west-1', 1, 1000],
      ['aws/eu-west-1', 1, NaN],
      ['aws/us-east-1', 2, NaN, 3],
    ])
    gathering.sizeBlob(highOf(2), 2, 7)
    const { places, logged } = demandOf(gathering, month)!
    expect(places.map(({ bytes, estimatedBytes }) => [bytes, estimatedBytes])).toEqual([
      [0, 0],
      [2000, 0],
      [21, 0],
    ])
    expect(logged).toEqual({ pulls: 5, unsized: 4, unknown: 0 })
  })

  test('counts a pull of a blob that nobody knows the size of as the mean, and says so', () => {
    const gathering = gather([
      ['aws/eu-west-1', 1, 1000],
      ['aws/eu-west-1', 2, 2000],
      ['aws/us-east-1', 3, NaN, 2],
    ])
    const { places, logged, meanBytes } = demandOf(gathering, month)!
    expect(places[2]).toMatchObject({ pulls: 2, bytes: 3000, estimatedBytes: 3000 })
    expect([logged.unknown, meanBytes]).toEqual([2, 1500])
  })

  test('is not known where no size is', () => {
    expect(demandOf(gather([['-', 1, NaN]]), month)).toBeUndefined()
  })

  test('of no pulls is nothing', () => {
    const { places, meanBytes, sampleError, held } = demandOf(gather([]), month)!
    expect([places[0]!.bytes, meanBytes, sampleError]).toEqual([0, 0, 0])
    expect(held([0])).toEqual({ blobs: 0, bytes: 0 })
  })

  test('says what a mirror of some places would hold, each blob once', () => {
    const { held } = demandOf(
      gather([
        ['aws/eu-west-1', 1, 1000, 5],
        ['aws/us-east-1', 1, 1000],
        ['aws/us-east-1', 2, 500],
        ['-', 3, NaN],
      ]),
      month,
    )!
    expect(held([1])).toEqual({ blobs: 1, bytes: 1000 })
    expect(held([1, 2])).toEqual({ blobs: 2, bytes: 1500 })
    // The third is as large as others are in the mean.
    expect(held([0, 1, 2])).toEqual({ blobs: 3, bytes: 2250 })
    expect(held([0])).toEqual({ blobs: 1, bytes: 0 })
    expect(held([1, 2])).toBe(held([1, 2]))
  })

  test('knows how far a sample may be off: a hundred equal pulls by a tenth', () => {
    const error = (all: readonly Pulls[], sample: number) =>
      demandOf(gather(all), { periodMs: monthMs, sample })!.sampleError
    expect(error([['-', 1, 50, 100]], 1)).toBe(0)
    expect(error([['-', 1, 50, 100]], 1e-9)).toBeCloseTo(0.1)
    expect(
      error(
        [
          ['-', 1, 50, 50],
          ['-', 1, NaN, 50],
        ],
        1e-9,
      ),
    ).toBeCloseTo(0.1)
  })
})

describe('with more blobs than there is room for', () => {
  // Every blob is pulled by one of two places, one of which has blobs ten times as large.
  const pulls = (unsized: boolean) =>
    Array.from({ length: 8000 }, (_, blob): Pulls[] => {
      const place = blob % 2 === 0 ? 'aws/us-east-1' : 'aws/eu-west-1'
      const bytes = blob % 2 === 0 ? 1000 : 10_000
      return unsized
        ? [
            ['-', blob, bytes],
            [place, blob, NaN],
          ]
        : [[place, blob, bytes]]
    }).flat()

  test.for<[string, boolean, GatheringLimits]>([
    ['sizes', false, { blobs: 1200, pairs: 1200 }],
    ['no sizes', true, { blobs: 1200, pairs: 100_000 }],
    ['no sizes, and room for fewer pairs than blobs', true, { blobs: 100_000, pairs: 1200 }],
  ])('of logs with %s, totals stay and blobs are a fair sample', ([, unsized, limits]) => {
    const gathering = gather(pulls(unsized), limits)
    expect(gathering.blobs.keptShare).toBe(1 / 8)
    expect(gathering.blobs.size).toBeLessThanOrEqual(1200)
    const { places, held } = demandOf(gathering, month)!
    const [east, west] = ['us-east-1', 'eu-west-1'].map((region) =>
      places.findIndex(({ location }) => location?.region === region),
    ) as [number, number]
    expect([places[east]!.pulls, places[west]!.pulls]).toEqual([4000, 4000])
    expect([places[east]!.bytes, places[west]!.bytes]).toEqual([4_000_000, 40_000_000])
    expect(held([east, west]).bytes / 44e6).toBeCloseTo(1, 1)
    expect(held([east, west]).blobs / 8000).toBeCloseTo(1, 1)
  })

  test('a place of which no blob was kept is reckoned by the mean', () => {
    const gathering = createGathering({ blobs: 2, pairs: 2 })
    const take = (digestHigh: number, location: string, bytes: number) =>
      gathering.take(lineOf({ digestHigh, location: placeOf(location), bytes }))
    take(2 ** 32 - 1, 'aws/us-east-1', NaN)
    for (const high of [1, 2]) take(high, 'aws/eu-west-1', 100)
    expect(gathering.blobs.keptShare).toBe(1 / 2)
    take(2 ** 32 - 2, 'aws/us-east-1', NaN)
    const { places } = demandOf(gathering, month)!
    expect(places[1]).toMatchObject({ pulls: 2, bytes: 200, estimatedBytes: 200 })
    gathering.sizeBlob(2 ** 32 - 2, 0, 5)
    expect(gathering.blobs.sum([1]).blobs).toBe(0)
  })

  test.for([100, NaN])('digests that somebody made up fill no memory (bytes: %s)', (bytes) => {
    const gathering = createGathering({ blobs: 4, pairs: 4 })
    for (let low = 0; low < 20; low++) gathering.take(lineOf({ digestLow: low, bytes }))
    expect(gathering.blobs.size).toBe(4)
    expect(gathering.places()[0]!.pulls).toBe(20)
  })

  test('pairs that find no room at all are left out', () => {
    const gathering = createGathering({ blobs: 8, pairs: 2 })
    for (let low = 0; low < 4; low++) gathering.take(lineOf({ digestLow: low, bytes: NaN }))
    expect(gathering.places()[0]!.unsized).toBe(4)
    let pairs = 0
    gathering.unsizedPulls.forEach(() => pairs++)
    expect(pairs).toBe(2)
  })
})
