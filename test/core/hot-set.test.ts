import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import list from '../../data/prices.json' with { type: 'json' }
import { digestOfHex } from '../../src/core/digest.ts'
import type { BlobTraffic, HotSet, HotSetTerms } from '../../src/core/hot-set.ts'
import { chooseHotSet, worthOf } from '../../src/core/hot-set.ts'
import type { HotSetQuestion } from '../../src/core/hot-set-terms.ts'
import { hotSetTerms } from '../../src/core/hot-set-terms.ts'
import { exactDollars } from '../../src/core/money.ts'
import { createPrices } from '../../src/core/prices.ts'

const gib = 2 ** 30
const monthMs = 730 * 3_600_000
const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))

const question: HotSetQuestion = {
  mirror: { id: 'aws/eu-west-1', cloud: 'aws', region: 'eu-west-1' },
  upstreams: [{ cloud: 'gcp' }],
  broughtFrom: { cloud: 'aws', region: 'us-east-1' },
  locations: ['aws/eu-west-1', 'aws/eu-west-2'],
  periodMs: monthMs,
  upstreamMonthBytes: 0,
  held: () => false,
}
const prices = createPrices(list)

function termsOf(more: Partial<HotSetQuestion> = {}): HotSetTerms {
  const terms = hotSetTerms({ ...question, ...more }, prices)
  if (!('storage' in terms)) throw new Error(terms.join('\n'))
  return terms
}

function blob(
  n: number,
  sizeBytes: number,
  bytes: number,
  location = 'aws/eu-west-1',
): BlobTraffic {
  return { digest: digest(n), sizeBytes, pulled: [{ location, bytes }] }
}

const shown = ({ blobs, bytes, saved, storage, bringing }: HotSet) => ({
  blobs: [...blobs.keys()],
  bytes,
  dollars: [saved, storage, bringing].map(exactDollars),
})

describe('a blob pays', () => {
  // A GiB: $0.12 saved a pull, $0.023 to keep, $0.020005 to bring in.
  test('when a month of its pulls saves more than keeping it and bringing it in', () => {
    const pulled = [blob(1, gib, gib), blob(2, gib, gib / 4), blob(3, gib, 0)]
    expect(shown(chooseHotSet(pulled, termsOf()))).toEqual({
      blobs: [digest(1)],
      bytes: gib,
      dollars: ['0.12', '0.023', '0.020005'],
    })
  })

  test('with less, when the mirror has it already', () => {
    const held = (id: string) => id === digest(2)
    expect(shown(chooseHotSet([blob(2, gib, gib / 4)], termsOf({ held })))).toEqual({
      blobs: [digest(2)],
      bytes: gib,
      dollars: ['0.03', '0.023', '0'],
    })
  })

  test('with less, when bringing it in may take longer to pay for itself', () => {
    const pulled = [blob(2, gib, gib / 4)]
    const chosen = chooseHotSet(pulled, { ...termsOf(), paybackMonths: 12 })
    expect(shown(chosen)).toMatchObject({ blobs: [digest(2)] })
  })

  test('with less saved by each pull, when the pulls are of a region next to it', () => {
    const worth = worthOf(blob(1, gib, gib, 'aws/eu-west-2'), termsOf())
    expect(exactDollars(worth.saved)).toBe('0.1')
  })

  test('by what a month would bring, when the traffic is of a week', () => {
    const worth = worthOf(blob(1, gib, gib), termsOf({ periodMs: monthMs / 4 }))
    expect(exactDollars(worth.saved)).toBe('0.48')
  })

  test('by a day at least: a minute of traffic is no month', () => {
    const [minute, day] = [60_000, 86_400_000].map((periodMs) => termsOf({ periodMs }))
    expect(worthOf(blob(1, gib, gib), minute!)).toEqual(worthOf(blob(1, gib, gib), day!))
  })

  test('and is given no nanodollar: what it saves is rounded down, what it costs up', () => {
    const { saved, storage, bringing } = worthOf(blob(1, 1, 1), termsOf())
    // 0.11, 0.02, and 5,000 for the write with 0.02 for the byte.
    expect([saved, storage, bringing]).toEqual([0n, 1n, 5001n])
  })

  test('not, when it saves just what it costs', () => {
    const terms = termsOf({ held: () => true })
    expect(worthOf(blob(1, 0, 0), terms)).toMatchObject({ saved: 0n, storage: 0n })
    expect(chooseHotSet([blob(1, 0, 0)], terms).blobs.size).toBe(0)
  })

  test('never, when its clients were not asked about', () => {
    expect(chooseHotSet([blob(1, 1, gib, 'gcp/elsewhere')], termsOf()).blobs.size).toBe(0)
  })
})

describe('the prices that decide', () => {
  test('are the lowest of the upstreams, at the end of what they send in a month', () => {
    const upstreams = [{ cloud: 'gcp' }, { cloud: 'azure' }, { cloud: 'gcp' }]
    const { upstream } = termsOf({ upstreams }).pullPrices('aws/eu-west-1')
    expect(exactDollars(upstream.nanodollars)).toBe('0.087')
    const late = termsOf({ upstreamMonthBytes: 200_000 * gib }).pullPrices('aws/eu-west-1')
    expect(exactDollars(late.upstream.nanodollars)).toBe('0.08')
  })

  test('are those of the internet for clients that are nowhere known', () => {
    const { upstream, mirror } = termsOf({ locations: ['-'] }).pullPrices('-')
    expect([upstream, mirror].map((price) => exactDollars(price.nanodollars))).toEqual([
      '0.12',
      '0.09',
    ])
  })

  test('without any upstream nothing is saved', () => {
    expect(chooseHotSet([blob(1, 1, gib)], termsOf({ upstreams: [] })).blobs.size).toBe(0)
  })

  test('that are missing are named, all of them', () => {
    const mirror = { id: 'ceph/attic', cloud: 'ceph', region: 'attic' }
    expect(
      hotSetTerms(
        { ...question, mirror, upstreams: [{ cloud: 'own' }], locations: ['aws/eu-west-1'] },
        prices,
      ),
    ).toEqual([
      'no price is known for a GB from own to aws/eu-west-1',
      'no price is known for a GB from ceph/attic to aws/eu-west-1',
      'no price is known for storage in ceph/attic',
      'no price is known for writes in ceph/attic',
    ])
  })
})

const pulls = fc.record({
  location: fc.constantFrom('aws/eu-west-1', 'aws/eu-west-2'),
  bytes: fc.nat({ max: 3 * gib }),
})
const traffic = fc
  .array(
    fc.record({ sizeBytes: fc.nat({ max: 2 * gib }), pulled: fc.array(pulls, { maxLength: 3 }) }),
    {
      maxLength: 9,
    },
  )
  .map((all) => all.map((each, n): BlobTraffic => ({ digest: digest(n), ...each })))
const anyTerms = fc
  .record({
    periodMs: fc.integer({ min: 0, max: 4 * monthMs }),
    heldUpTo: fc.nat({ max: 9 }),
    upstreamMonthBytes: fc.nat({ max: 300_000 }).map((gb) => gb * gib),
    paybackMonths: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ paybackMonths, heldUpTo, ...more }) => ({
    ...termsOf({ ...more, held: (id) => id < digest(heldUpTo) }),
    paybackMonths,
  }))

test('more traffic never takes a blob out', () => {
  fc.assert(
    fc.property(traffic, anyTerms, fc.nat(), pulls, (all, terms, at, more) => {
      const before = chooseHotSet(all, terms)
      const after = chooseHotSet(
        all.map((each, n) =>
          n === at % all.length ? { ...each, pulled: [...each.pulled, more] } : each,
        ),
        terms,
      )
      for (const kept of before.blobs.keys()) expect(after.blobs.has(kept)).toBe(true)
    }),
  )
})

test('no other set of blobs nets more', () => {
  fc.assert(
    fc.property(traffic, anyTerms, (all, terms) => {
      const nets = all.map((each) => {
        const { saved, storage, bringingAMonth } = worthOf(each, terms)
        return saved - storage - bringingAMonth
      })
      const netOf = (isIn: (n: number) => boolean) =>
        nets.reduce((sum, net, n) => (isIn(n) ? sum + net : sum), 0n)
      const chosen = chooseHotSet(all, terms).blobs
      const best = netOf((n) => chosen.has(digest(n)))
      for (let set = 0; set < 2 ** all.length; set++) {
        expect(netOf((n) => (set & (1 << n)) !== 0)).toBeLessThanOrEqual(best)
      }
    }),
    { numRuns: 50 },
  )
})

test('the order of the traffic changes nothing', () => {
  fc.assert(
    fc.property(traffic, anyTerms, (all, terms) => {
      const sorted = (set: HotSet) => ({
        ...set,
        blobs: new Map([...set.blobs].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      })
      expect(sorted(chooseHotSet(all.toReversed(), terms))).toEqual(
        sorted(chooseHotSet(all, terms)),
      )
    }),
  )
})
