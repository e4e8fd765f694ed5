import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import table from '../../data/regions.json' with { type: 'json' }
import type { Place } from '../../src/core/regions.ts'
import { createRegions, distanceKm, nearestFirst } from '../../src/core/regions.ts'

const regions = createRegions(table.regions)

function place(id: string): Place {
  const [cloud = '', region = ''] = id.split('/')
  const found = regions.find(cloud, region)
  if (found === undefined) throw new Error(`wanted the place of ${id}, which has none`)
  return found
}

/**
 * Every region that the vendors' documents of ranges name, except GLOBAL and global: AWS of
 * 2025-11-25 and 2026-07-29, Google Cloud of 2026-07-29, Azure's change 420.
 */
const named: Readonly<Record<string, string>> = {
  aws: `
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1
    ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5
    ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1
    eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
    eusc-de-east-1 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1
    sa-west-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-south-1 us-west-1 us-west-2
  `,
  gcp: `
    africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3
    asia-south1 asia-south2 asia-southeast1 asia-southeast2 asia-southeast3
    australia-southeast1 australia-southeast2 europe-central2 europe-north1 europe-north2
    europe-southwest1 europe-west1 europe-west10 europe-west12 europe-west15 europe-west2
    europe-west3 europe-west4 europe-west6 europe-west8 europe-west9 me-central1 me-central2
    me-west1 northamerica-northeast1 northamerica-northeast2 northamerica-south1
    southamerica-east1 southamerica-west1 us-central1 us-central2 us-east1 us-east4 us-east5
    us-east7 us-south1 us-west1 us-west2 us-west3 us-west4 us-west8
  `,
  azure: `
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast
    belgiumcentral brazilne brazilse brazilsouth canadacentral canadaeast centralfrance
    centralindia centralus centraluseuap chilec denmarkeast eastasia eastus eastus2
    eastus2euap eastus3 germanyn germanywc indiasouthcentral indonesiacentral israelcentral
    israelnorthwest italynorth japaneast japanwest jioindiacentral jioindiawest koreacentral
    koreasouth malaysiasouth malaysiawest mexicocentral newzealandnorth northcentralus
    northeastus5 northeurope northeurope2 norwaye norwayw polandcentral qatarcentral
    southafricanorth southafricawest southcentralus southcentralus2 southeastasia southeastus
    southeastus3 southeastus5 southfrance southindia southwestus spaincentral swedencentral
    swedensouth switzerlandn switzerlandw taiwannorth taiwannorthwest uaecentral uaenorth
    uksouth ukwest usstagec usstagee westcentralus westeurope westindia westus westus2 westus3
  `,
}

/**
 * What holds each country's part of the continent it is known for: south, north, west and east in
 * degrees.
 */
const boxes: Readonly<Record<string, readonly [number, number, number, number]>> = {
  AE: [22, 26.5, 51, 57],
  AT: [46, 49.5, 9, 17.5],
  AU: [-44, -10, 112, 154],
  BE: [49.4, 51.6, 2.5, 6.5],
  BH: [25.5, 26.5, 50.3, 50.9],
  BR: [-34, 5.5, -74, -34],
  CA: [41.6, 84, -141, -52],
  CH: [45.8, 47.9, 5.9, 10.6],
  CL: [-56, -17, -76, -66],
  CN: [18, 54, 73, 135],
  DE: [47, 55.2, 5.8, 15.1],
  DK: [54.5, 57.8, 8, 15.3],
  ES: [36, 43.9, -9.4, 4.4],
  FI: [59.7, 70.1, 20, 31.6],
  FR: [41.3, 51.2, -5.2, 9.7],
  GB: [49.8, 60.9, -8.7, 1.8],
  HK: [22.1, 22.6, 113.8, 114.5],
  ID: [-11, 6, 95, 141],
  IE: [51.4, 55.4, -10.7, -5.9],
  IL: [29.4, 33.4, 34.2, 35.9],
  IN: [6.5, 35.7, 68, 97.5],
  IT: [36.6, 47.1, 6.6, 18.6],
  JP: [24, 46, 122, 146],
  KR: [33, 38.7, 124.5, 131],
  MX: [14.5, 32.8, -118.5, -86.6],
  MY: [0.8, 7.5, 99.5, 119.4],
  NL: [50.7, 53.6, 3.3, 7.3],
  NO: [57.9, 71.3, 4.4, 31.2],
  NZ: [-47.4, -34.3, 166, 179],
  PL: [49, 54.9, 14.1, 24.2],
  QA: [24.4, 26.2, 50.7, 51.7],
  SA: [16.3, 32.2, 34.5, 55.7],
  SE: [55.3, 69.1, 10.9, 24.2],
  SG: [1.1, 1.5, 103.6, 104.1],
  TH: [5.6, 20.5, 97.3, 105.7],
  TW: [21.8, 25.4, 119.9, 122.1],
  US: [24.5, 49.4, -125, -66.9],
  ZA: [-34.9, -22.1, 16.4, 33],
}

describe('the shipped table', () => {
  test.for(Object.entries(named))(
    'says of every %s region where it is, or why not',
    ([cloud, list]) => {
      const names = list.trim().split(/\s+/)
      const said = [...table.regions, ...table.unplaced].filter((entry) => entry.cloud === cloud)
      expect(said.map((entry) => entry.region).toSorted()).toEqual(names.toSorted())
    },
  )

  test('gives a reason for every region it leaves out, and knows no place for it', () => {
    for (const { cloud, region, reason } of table.unplaced) {
      expect(reason).toMatch(/^[A-Z].+\.$/)
      expect(regions.find(cloud, region)).toBeUndefined()
    }
  })

  test.for(table.regions)('has $cloud/$region inside $country', (region) => {
    const [south, north, west, east] = boxes[region.country] ?? [0, 0, 0, 0]
    expect(region.latitude).toBeGreaterThan(south)
    expect(region.latitude).toBeLessThan(north)
    expect(region.longitude).toBeGreaterThan(west)
    expect(region.longitude).toBeLessThan(east)
  })

  test.for([
    ['aws', 'us-gov-east-1 us-gov-west-1', 'aws-us-gov'],
    ['aws', 'cn-north-1 cn-northwest-1', 'aws-cn'],
    ['aws', 'eusc-de-east-1', 'aws-eusc'],
  ] as const)('walls off %s: %s as %s', ([cloud, list, partition]) => {
    const members = table.regions.filter((region) => region.partition === partition)
    expect(members.map((region) => region.region)).toEqual(list.split(' '))
    expect(new Set(members.map((region) => region.cloud))).toEqual(new Set([cloud]))
  })

  test('has every other region in the partition that is named as its cloud', () => {
    const others = table.regions.filter(({ region }) => !/^(?:cn|us-gov|eusc)-/.test(region))
    expect(others.filter(({ cloud, partition }) => cloud !== partition)).toEqual([])
  })

  test.for([
    ['Dublin and London', 'aws/eu-west-1', 'aws/eu-west-2', 465],
    ['Frankfurt and Paris', 'aws/eu-central-1', 'aws/eu-west-3', 480],
    ['Northern Virginia and eastern Oregon', 'aws/us-east-1', 'aws/us-west-2', 3500],
    ['Northern Virginia and Dublin', 'aws/us-east-1', 'aws/eu-west-1', 5450],
    ['São Paulo and Northern Virginia', 'aws/sa-east-1', 'aws/us-east-1', 7650],
    ['Tokyo and Sydney', 'gcp/asia-northeast1', 'gcp/australia-southeast1', 7820],
    ['Singapore and Mumbai', 'azure/southeastasia', 'azure/westindia', 3900],
    ['Auckland and Santiago, over the date line', 'azure/newzealandnorth', 'azure/chilec', 9670],
  ] as const)('has %s as far apart as they are', ([, a, b, km]) => {
    expect(Math.abs(distanceKm(place(a), place(b)) - km)).toBeLessThan(40)
  })

  test.for([
    ['London', 'aws/eu-west-2 gcp/europe-west2 azure/uksouth'],
    ['Frankfurt', 'aws/eu-central-1 gcp/europe-west3 azure/germanywc'],
    ['Paris', 'aws/eu-west-3 gcp/europe-west9 azure/centralfrance'],
    ['Northern Virginia', 'aws/us-east-1 gcp/us-east4 azure/eastus'],
    ['Tokyo', 'aws/ap-northeast-1 gcp/asia-northeast1 azure/japaneast'],
    ['São Paulo', 'aws/sa-east-1 gcp/southamerica-east1 azure/brazilsouth'],
    ['Santiago', 'aws/sa-west-1 gcp/southamerica-west1 azure/chilec'],
    ['Sydney', 'aws/ap-southeast-2 gcp/australia-southeast1 azure/australiaeast'],
    ['Johannesburg', 'gcp/africa-south1 azure/southafricanorth'],
  ] as const)('has all three clouds at one %s', ([, list]) => {
    const [first = '', ...rest] = list.split(' ')
    for (const id of rest) expect(distanceKm(place(first), place(id))).toBeLessThan(50)
  })

  test.for([
    ['aws/eu-west-3', 'aws/us-east-1 aws/eu-west-1 aws/ap-northeast-1', 'aws/eu-west-1'],
    ['aws/ap-southeast-2', 'aws/us-west-2 aws/ap-southeast-1 aws/eu-west-1', 'aws/ap-southeast-1'],
    ['aws/ap-southeast-6', 'aws/sa-east-1 aws/us-west-2 aws/ap-southeast-2', 'aws/ap-southeast-2'],
    ['aws/sa-west-1', 'aws/us-east-1 aws/sa-east-1 aws/mx-central-1', 'aws/sa-east-1'],
    ['gcp/us-east7', 'gcp/us-west1 gcp/us-east5 gcp/europe-west1', 'gcp/us-east5'],
    ['azure/norwayw', 'azure/westeurope azure/eastus azure/southeastasia', 'azure/westeurope'],
  ] as const)('sends %s, among %s, to %s', ([from, list, nearest]) => {
    expect(nearestFirst(place(from), list.split(' '), place)[0]).toBe(nearest)
  })
})

describe('a table with mistakes', () => {
  const good = {
    cloud: 'aws',
    region: 'eu-west-1',
    place: 'Ireland',
    country: 'IE',
    latitude: 53.35,
    longitude: -6.26,
    partition: 'aws',
  }

  test.for<[string, readonly unknown[], string]>([
    ['a region that is no object', ['eu-west-1'], 'regions[0]: wanted an object, got "eu-west-1"'],
    ['a region that is null', [null], 'regions[0]: wanted an object, got null'],
    ['a cloud we have no ranges of', [{ ...good, cloud: 'r2' }], '.cloud: wanted one of aws, gcp'],
    ['a region with a slash', [{ ...good, region: 'eu/west' }], '.region: wanted letters, digits'],
    ['a country by its name', [{ ...good, country: 'Ireland' }], '.country: wanted two capital'],
    ['a latitude past the pole', [{ ...good, latitude: -90.1 }], '.latitude: wanted degrees from'],
    [
      'a longitude past 180',
      [{ ...good, longitude: 181 }],
      'wanted degrees from -180 to 180, got 181',
    ],
    ['a longitude as text', [{ ...good, longitude: '-6.26' }], '.longitude: wanted degrees'],
    ['no partition', [{ ...good, partition: undefined }], '.partition: wanted a text, got nothing'],
    ['an empty place', [{ ...good, place: '' }], '.place: wanted a text, got ""'],
    [
      'a region twice',
      [good, good],
      'regions[1]: wanted each region once, got aws/eu-west-1 again',
    ],
  ])('is refused for %s', ([, entries, message]) => {
    expect(() => createRegions(entries)).toThrow(message)
  })

  test('has all its mistakes reported at once', () => {
    const entries = [{ ...good, country: 'ie' }, good, { ...good, latitude: 91, longitude: null }]
    expect(() => createRegions(entries)).toThrow(
      /regions\[0\]\.country.*\nregions\[2\]\.latitude.*\nregions\[2\]\.longitude/,
    )
  })
})

describe('the distance', () => {
  test.for<[string, Place, Place, number]>([
    ['from the equator to a pole is a quarter of the way round', at(0, 0), at(90, 0), Math.PI / 2],
    ['between the poles is half of it', at(90, 0), at(-90, 77), Math.PI],
    ['between opposite points is half of it', at(0, -90), at(0, 90), Math.PI],
    ['over the date line is the short way', at(0, 179.5), at(0, -179.5), Math.PI / 180],
  ])('%s', ([, a, b, radians]) => {
    expect(distanceKm(a, b)).toBeCloseTo(6371 * radians, 6)
  })

  const anywhere = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  })

  test('is symmetric, and zero from a place to itself', () => {
    fc.assert(
      fc.property(anywhere, anywhere, (a, b) => {
        expect(distanceKm(a, b)).toBe(distanceKm(b, a))
        expect(distanceKm(a, a)).toBe(0)
      }),
    )
  })

  test('is never longer than by way of a third place', () => {
    fc.assert(
      fc.property(anywhere, anywhere, anywhere, (a, b, c) => {
        // Near opposite points a haversine is good to some metres only.
        expect(distanceKm(a, c)).toBeLessThanOrEqual(distanceKm(a, b) + distanceKm(b, c) + 0.01)
      }),
    )
  })

  test('agrees with the angle between the two vectors from the middle of the earth', () => {
    fc.assert(
      fc.property(anywhere, anywhere, (a, b) => {
        expect(Math.abs(distanceKm(a, b) - 6371 * angleBetween(a, b))).toBeLessThan(0.01)
      }),
    )
  })
})

describe('nearest first', () => {
  test('keeps the order of places that are equally far', () => {
    const candidates = ['west', 'far', 'north', 'east', 'south']
    const places = new Map([
      ['west', at(0, -10)],
      ['far', at(0, 60)],
      ['north', at(10, 0)],
      ['east', at(0, 10)],
      ['south', at(-10, 0)],
    ])
    const sorted = nearestFirst(at(0, 0), candidates, (name) => places.get(name)!)
    expect(sorted).toEqual(['west', 'north', 'east', 'south', 'far'])
    expect(candidates[1]).toBe('far')
  })

  test('is empty when there is nothing to choose from', () => {
    expect(nearestFirst(at(0, 0), [], () => at(0, 0))).toEqual([])
  })
})

function at(latitude: number, longitude: number): Place {
  return { latitude, longitude }
}

function angleBetween(a: Place, b: Place): number {
  const u = vectorTo(a)
  const v = vectorTo(b)
  const sum = Math.hypot(u[0] + v[0], u[1] + v[1], u[2] + v[2])
  const difference = Math.hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2])
  return 2 * Math.atan2(difference, sum)
}

function vectorTo({ latitude, longitude }: Place): readonly [number, number, number] {
  const north = (latitude * Math.PI) / 180
  const east = (longitude * Math.PI) / 180
  return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)]
}
