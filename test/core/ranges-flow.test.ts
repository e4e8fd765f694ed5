import { expect, test } from 'vitest'
import type { ClientLocation } from '../../src/core/location.ts'
import type { AddressFlow } from '../../src/core/ranges-flow.ts'
import { changesByCloud, changesByRegion, listRegionChanges } from '../../src/core/ranges-flow.ts'

function at(text: string): ClientLocation | undefined {
  if (text === '-') return undefined
  const [cloud, region] = text.split('/') as [ClientLocation['cloud'], string]
  return { cloud, region }
}

function flow(from: string, to: string, ipv4: number, ipv6 = 0): AddressFlow {
  return { from: at(from), to: at(to), count: { ipv4, ipv6 } }
}

const none = { ipv4: 0, ipv6: 0 }
const flows = [
  flow('aws/a', 'aws/a', 100, 10),
  flow('aws/a', 'aws/b', 5, 1),
  flow('aws/b', '-', 3),
  flow('-', 'aws/b', 7, 2),
  flow('gcp/x', 'aws/a', 1),
  flow('gcp/x', 'gcp/x', 50),
]

test('a region gains, loses and moves addresses', () => {
  const changes = changesByRegion(flows)
  expect(changes.get('aws/a')).toEqual({
    before: { ipv4: 105, ipv6: 11 },
    gained: none,
    lost: none,
    movedIn: { ipv4: 1, ipv6: 0 },
    movedOut: { ipv4: 5, ipv6: 1 },
  })
  expect(changes.get('aws/b')).toEqual({
    before: { ipv4: 3, ipv6: 0 },
    gained: { ipv4: 7, ipv6: 2 },
    lost: { ipv4: 3, ipv6: 0 },
    movedIn: { ipv4: 5, ipv6: 1 },
    movedOut: none,
  })
})

test('within a cloud and out of it, what moved has moved out', () => {
  const changes = changesByCloud(flows)
  expect(changes.get('aws')).toMatchObject({
    before: { ipv4: 108, ipv6: 11 },
    movedIn: { ipv4: 6, ipv6: 1 },
    movedOut: { ipv4: 5, ipv6: 1 },
  })
  expect(changes.get('gcp')).toMatchObject({ before: { ipv4: 51 }, movedOut: { ipv4: 1 } })
})

test('regions that change are listed, most IPv4 addresses first, then most of IPv6, then by name', () => {
  const more = [
    flow('-', 'azure/q', 1, 5),
    flow('-', 'azure/p', 1, 5),
    flow('-', 'azure/r', 1, 9),
    flow('gcp/still', 'gcp/still', 9),
  ]
  expect(listRegionChanges([...flows, ...more]).map(({ region }) => region)).toEqual([
    'aws/b',
    'aws/a',
    'azure/r',
    'azure/p',
    'azure/q',
    'gcp/x',
  ])
  expect(listRegionChanges([flow('-', 'gcp/b', 1), flow('-', 'gcp/a', 1)])[0]?.region).toBe('gcp/a')
  expect(listRegionChanges([flow('-', 'gcp/a', 1), flow('-', 'gcp/b', 1)])[0]?.region).toBe('gcp/a')
})
