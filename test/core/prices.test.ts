import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import list from '../../data/prices.json' with { type: 'json' }
import table from '../../data/regions.json' with { type: 'json' }
import { costOf, exactDollars } from '../../src/core/money.ts'
import type { RequestKind } from '../../src/core/price-rule.ts'
import { requestKinds } from '../../src/core/price-rule.ts'
import type { CloudPlace, ListPrice } from '../../src/core/prices.ts'
import { createPrices } from '../../src/core/prices.ts'

const prices = createPrices(list)
const gib = 2 ** 30

function place(text: string): CloudPlace {
  const [cloud = '', region] = text.split('/')
  return { cloud, region }
}

const dollars = (price: ListPrice | undefined) =>
  price === undefined ? undefined : exactDollars(price.nanodollars)

describe('the shipped prices', () => {
  test.for<[string, string, string, number, string | undefined]>([
    ['the internet from Virginia', 'aws/us-east-1', 'internet', 0, '0.09'],
    ['the internet past 10 TB', 'aws/us-east-1', 'internet', 10_240 * gib, '0.085'],
    ['one byte before that', 'aws/us-east-1', 'internet', 10_240 * gib - 1, '0.09'],
    ['the internet past 150 TB', 'aws/us-east-1', 'internet', 500_000 * gib, '0.05'],
    ['the internet from Mumbai', 'aws/ap-south-1', 'internet', 0, '0.1093'],
    ['another cloud, as the internet', 'gcp', 'aws/eu-west-1', 0, '0.12'],
    ['another cloud, wherever in it', 'gcp', 'aws', 0, '0.12'],
    ['another cloud in Australia', 'gcp/us-central1', 'aws/ap-southeast-2', 0, '0.19'],
    ['another cloud past 150 TiB', 'gcp', 'aws/us-east-1', 153_600 * gib, '0.08'],
    ['the same region', 'aws/eu-west-1', 'aws/eu-west-1', 0, '0'],
    ['Ohio from Virginia', 'aws/us-east-1', 'aws/us-east-2', 0, '0.01'],
    ['Ireland from Virginia', 'aws/us-east-1', 'aws/eu-west-1', 0, '0.02'],
    ['Virginia from São Paulo', 'aws/sa-east-1', 'aws/us-east-1', 0, '0.138'],
    ['a region not known, as another one', 'aws', 'aws/us-east-1', 0, '0.09'],
    ['Belgium from Iowa', 'gcp/us-central1', 'gcp/europe-west1', 0, '0.05'],
    ['Iowa from Oregon', 'gcp/us-west1', 'gcp/us-central1', 0, '0.02'],
    ['Jakarta from Tokyo', 'gcp/asia-northeast1', 'gcp/asia-southeast2', 0, '0.1'],
    ['São Paulo from Tokyo', 'gcp/asia-northeast1', 'gcp/southamerica-east1', 0, '0.14'],
    ['São Paulo from Azure', 'azure/brazilsouth', 'internet', 0, '0.181'],
    ['anywhere from R2', 'r2/global', 'aws/eu-west-1', 0, '0'],
    ['the internet from China, which nobody knows', 'aws/cn-north-1', 'internet', 0, undefined],
    ['China from Virginia', 'aws/us-east-1', 'aws/cn-north-1', 0, undefined],
    ['a cloud that is not here', 'ceph/attic', 'internet', 0, undefined],
  ])('a GB to %s', ([, from, to, soFar, wanted]) => {
    const client = to === 'internet' ? to : place(to)
    expect(dollars(prices.egressPrice(place(from), client, soFar))).toBe(wanted)
  })

  test.for<[string, string, string | undefined]>([
    ['aws', 'us-east-1', '0.023'],
    ['aws', 'sa-east-1', '0.0405'],
    ['aws', 'nowhere-1', '0.023'],
    ['aws', 'cn-north-1', undefined],
    ['gcp', 'us-central1', '0.02'],
    ['r2', 'global', '0.015'],
    ['ceph', 'attic', undefined],
  ])('a GB-month in %s/%s costs %s', ([cloud, region, wanted]) => {
    expect(dollars(prices.storagePrice(cloud, region))).toBe(wanted)
  })

  test.for<[string, RequestKind, string | undefined, bigint | undefined]>([
    ['aws', 'write', 'us-east-1', 5_000_000n],
    ['aws', 'read', undefined, 400_000n],
    ['aws', 'list', 'sa-east-1', 7_000_000n],
    ['aws', 'list', 'cn-north-1', undefined],
    ['gcp', 'write', 'us-central1', 5_000_000n],
    ['azure', 'read', 'eastus', 440_000n],
    ['r2', 'write', 'global', 4_500_000n],
    ['ceph', 'write', undefined, undefined],
  ])('a thousand requests to %s: %s in %s', ([cloud, kind, region, wanted]) => {
    const price = prices.requestPrice(cloud, kind, region)
    expect(price && costOf(1000, price)).toBe(wanted)
  })

  test('a GB through a NAT gateway', () => {
    expect(dollars(prices.natPrice('aws', 'ap-southeast-1'))).toBe('0.059')
    expect(dollars(prices.natPrice('gcp'))).toBe('0.045')
    expect(prices.natPrice('ceph')).toBeUndefined()
  })

  test('every region of the table has prices, or stands where nobody knows them', () => {
    const unknown = table.regions.filter(({ cloud, region }) => {
      const from = { cloud, region }
      return (
        prices.egressPrice(from, 'internet') === undefined ||
        prices.egressPrice(from, { cloud, region: 'another' }) === undefined ||
        prices.storagePrice(cloud, region) === undefined ||
        requestKinds.some((kind) => prices.requestPrice(cloud, kind, region) === undefined)
      )
    })
    expect(unknown.map(({ region }) => region).toSorted()).toEqual([
      'cn-north-1',
      'cn-northwest-1',
      'eusc-de-east-1',
    ])
  })

  test('it costs less between regions than to the internet, but for Google’s Latin America', () => {
    const dearer = table.regions.filter(({ cloud, region }) => {
      const out = prices.egressPrice({ cloud, region }, 'internet')?.nanodollars ?? 0n
      const between = prices.egressPrice({ cloud, region }, { cloud, region: 'another' })
      return (between?.nanodollars ?? 0n) > out
    })
    expect(dearer.map(({ region }) => region).toSorted()).toEqual([
      'northamerica-south1',
      'southamerica-east1',
      'southamerica-west1',
    ])
  })

  test('every source says where it is and when it was read, except what is from memory', () => {
    for (const [name, source] of Object.entries(prices.sources)) {
      if (name === 'memory') continue
      expect.soft(source.url, name).toMatch(/^https?:\/\//)
      expect.soft(source.read, name).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    }
    expect(prices.sources['memory']).toMatchObject({ url: null, note: /unverified/ })
  })
})

test('a cost through the tiers is that of its pieces, wherever it is cut', () => {
  const tib = 1024 * gib
  const bytes = fc.nat({ max: 300 * 1024 }).map((gb) => gb * gib + 7)
  fc.assert(
    fc.property(bytes, bytes, (some, more) => {
      const from = place('aws/us-east-1')
      const cost = (n: number, soFar = 0) => prices.egressCost(n, from, 'internet', soFar)!
      const off = cost(some) + cost(more, some) - cost(some + more)
      expect(Number(off)).toBeGreaterThanOrEqual(-1)
      expect(Number(off)).toBeLessThanOrEqual(1)
    }),
  )
  const from = place('aws/us-east-1')
  expect(exactDollars(prices.egressCost(200 * tib, from, 'internet')!)).toBe('14131.2')
  expect(prices.egressCost(1, place('ceph'), 'internet')).toBeUndefined()
  expect(exactDollars(prices.storageCost(60 * tib, 'aws', 'us-east-1')!)).toBe('1402.88')
})

describe('prices of a configuration', () => {
  test('go before the shipped ones, and leave the others', () => {
    const own = createPrices(list, {
      clouds: {
        aws: {
          internet: [{ perGb: '0.03' }],
          storage: [{ in: ['eu-west-1'], perGb: [{ fromGb: 0, price: '0.01' }] }],
          requests: [{ in: ['eu-*'], per: 1, write: '0', list: '0', read: '0' }],
        },
      },
    })
    const price = own.egressPrice(place('aws/us-east-1'), 'internet', 500_000 * gib)
    expect(price).toMatchObject({ nanodollars: 30_000_000n, source: 'configuration' })
    expect(dollars(own.storagePrice('aws', 'eu-west-1'))).toBe('0.01')
    expect(dollars(own.storagePrice('aws', 'us-east-1'))).toBe('0.023')
    expect(dollars(own.requestPrice('aws', 'write', 'eu-west-1'))).toBe('0')
    expect(dollars(own.requestPrice('aws', 'write', 'us-east-1'))).toBe('0.005')
  })

  test('may say what a vendor calls a GB, and bring a cloud of their own', () => {
    const gb = { bytes: 1_000_000_000 }
    const own = createPrices(list, {
      clouds: { azure: { gb }, ceph: { gb, storage: [{ perGb: '0.004' }] } },
    })
    expect(own.egressPrice(place('azure'), 'internet')?.per).toBe(1_000_000_000n)
    expect(dollars(own.storagePrice('ceph', 'attic'))).toBe('0.004')
    expect(own.egressPrice(place('ceph'), 'internet')).toBeUndefined()
  })
})

describe('wrong prices', () => {
  const whole = (cloud: object) => ({ sources: { a: { url: null } }, clouds: { aws: cloud } })
  const good = { perGb: '0', source: 'a' }
  const requests = [{ per: 1, write: '0', list: null, read: '0', source: 'a' }]
  const cloud = {
    gb: { bytes: 1 },
    internet: [good],
    betweenRegions: [good],
    withinRegion: [good],
    storage: [good],
    nat: [good],
    requests,
  }

  test.for<[string, unknown, readonly string[]]>([
    ['nothing', undefined, ['clouds: wanted an object, got nothing', 'sources: wanted an object']],
    ['lists for objects', { clouds: [], sources: [] }, ['clouds: wanted an object, got []']],
    [
      'a cloud that is none, and a source with no address',
      { clouds: { aws: 7 }, sources: { a: 1, b: { url: 2 } } },
      ['clouds.aws: wanted an object, got 7', 'sources.a.url: wanted', 'sources.b.url: wanted'],
    ],
    [
      'no GB, and lists that are not there',
      whole({}),
      [
        'clouds.aws.gb.bytes: wanted a count of bytes, got nothing',
        'clouds.aws.nat: wanted a last rule for all regions, got nothing',
      ],
    ],
    [
      'a name that is none',
      whole({ ...cloud, sorage: [] }),
      ['clouds.aws.sorage: wanted only internet, '],
    ],
    [
      'a list that is none',
      whole({ ...cloud, nat: 5 }),
      ['clouds.aws.nat: wanted a list of rules, got 5'],
    ],
    [
      'a last rule that is not for all',
      whole({ ...cloud, nat: [{ ...good, in: ['x'] }] }),
      ['clouds.aws.nat: wanted a last rule for all regions, got {'],
    ],
    [
      'rules that are wrong inside',
      whole({
        ...cloud,
        internet: [
          { perGb: 0.09, source: 'a', from: [] },
          { perGb: [], source: 'a', to: ['x', 7] },
          { perGb: [{ fromGb: 1, price: '1' }, 9], source: 'b' },
          { perGb: [{ fromGb: 0, price: null }], source: 5 },
          {
            perGb: [
              { fromGb: 0, price: '1' },
              { fromGb: 0, price: '1' },
            ],
            frm: ['x'],
          },
        ],
        requests: [{ per: 0, write: '-1', list: '0', read: '0', source: 'a' }],
      }),
      [
        'clouds.aws.internet[0].perGb: wanted dollars as a text like "0.09", or null, got 0.09',
        'clouds.aws.internet[0].from: wanted a list of regions, got []',
        'clouds.aws.internet[1].perGb: wanted one tier at least, got []',
        'clouds.aws.internet[1].to: wanted a list of regions, got ["x",7]',
        'clouds.aws.internet[2].perGb[0].fromGb: wanted GB from 0 upwards, got 1',
        'clouds.aws.internet[2].perGb[1].fromGb: wanted GB from 0 upwards, got nothing',
        'clouds.aws.internet[2].source: wanted one of the sources, got b',
        'clouds.aws.internet[3].perGb[0].price: wanted dollars',
        'clouds.aws.internet[3].source: wanted a text, got 5',
        'clouds.aws.internet[4].perGb[1].fromGb: wanted GB from 0 upwards, got 0',
        'clouds.aws.internet[4]: wanted only from, to, ',
        'clouds.aws.internet[4].source: wanted one of the sources, got configuration',
        'clouds.aws.requests[0].per: wanted a count of requests, got 0',
        'clouds.aws.requests[0].write: wanted dollars as a text like "0.09", or null, got "-1"',
      ],
    ],
  ])('%s: every problem at once', ([, json, problems]) => {
    const message = problemOf(() => createPrices(json))
    for (const problem of problems) expect(message).toContain(`\n${problem}`)
  })

  test('in a configuration', () => {
    const wrong = { clouds: { ceph: {}, aws: { gb: { bytes: 0 }, nat: [{ perGb: 'x' }] } } }
    const message = problemOf(() => createPrices(list, wrong))
    expect(message.split('\n').slice(1)).toEqual([
      'prices.clouds.aws.gb.bytes: wanted a count of bytes, got 0',
      'prices.clouds.aws.nat[0].perGb: wanted dollars as a text like "0.09", or null, got "x"',
      'prices.clouds.ceph.gb: wanted the bytes of a GB, as this cloud is new',
    ])
    expect(problemOf(() => createPrices(list, { clouds: 3 }))).toContain('prices.clouds: wanted')
  })

  test('are none, where they are right', () => {
    expect(createPrices(whole(cloud)).requestPrice('aws', 'list')).toBeUndefined()
  })
})

function problemOf(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}
