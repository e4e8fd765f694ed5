import { readFileSync, statSync } from 'node:fs'
import { BlockList } from 'node:net'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { loadBundledTable, bundledTablePath } from '../../src/ranges/bundled.ts'
import { decodeTable } from '../../src/ranges/decode.ts'
import { addressText } from '../../src/ranges/address-text.ts'

const table = loadBundledTable()

test.for([
  ['35.180.1.1', 'aws', 'eu-west-3'],
  ['52.94.76.1', 'aws', 'us-west-2'],
  ['::ffff:52.94.76.1', 'aws', 'us-west-2'],
  ['2600:1f01:4874::47', 'aws', 'us-west-2'],
  // A /128 among others.
  ['2400:6500:0:9::2', 'aws', 'ap-southeast-3'],
  // A region inside a /19 that is GLOBAL.
  ['15.193.0.7', 'aws', 'ap-south-1'],
  ['15.193.31.7', 'aws', 'GLOBAL'],
  ['35.220.26.1', 'gcp', 'europe-north1'],
  ['2600:1900:4000::1', 'gcp', 'us-central1'],
  ['20.38.98.1', 'azure', 'eastus'],
] as const)('%s is in %s %s', ([address, cloud, region]) => {
  expect(table.locate(address)).toEqual({ cloud, region })
})

test.for([
  '2400:6500:0:9::100',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '192.0.2.1',
  '::1',
  '2001:db8::1',
])('%s is nobody’s', (address) => {
  expect(table.locate(address)).toBeUndefined()
})

test('regions that nobody has announced are kept by name', () => {
  for (const region of ['us-south-1', 'sa-west-1', 'me-west-1']) {
    expect(table.locations).toContainEqual({ cloud: 'aws', region })
  }
})

test('it takes at most 512 KB', () => {
  expect(statSync(bundledTablePath).size).toBeLessThanOrEqual(512 * 1024)
})

test('it says which documents it is from', () => {
  expect(table.sources).toEqual([
    {
      cloud: 'aws',
      document: 'ip-ranges.json',
      version: '1785313625',
      date: '2026-07-29T08:27:05.000Z',
      prefixes: { ipv4: 7808, ipv6: 2954 },
    },
    {
      cloud: 'gcp',
      document: 'cloud.json',
      version: '1785333953849',
      date: '2026-07-29T14:05:53.849Z',
      prefixes: { ipv4: 999, ipv6: 48 },
    },
    {
      cloud: 'azure',
      document: 'ServiceTags_Public.json',
      version: '420',
      date: null,
      prefixes: { ipv4: 11117, ipv6: 3941 },
    },
  ])
})

test('agrees with node:net on either side of every edge it has', () => {
  const { ipv4, ipv6 } = decodeTable(readFileSync(bundledTablePath), crc32)
  for (const [family, spans] of [
    [4, ipv4],
    [6, ipv6],
  ] as const) {
    // BlockList is slow to ask, so it gets a slice of the table at a time, spread over the whole of
    // it.
    for (let from = 1; from + 20 < spans.length; from += 500) {
      const list = new BlockList()
      const slice = spans.slice(from, from + 20)
      for (const [at, { start, answer }] of slice.slice(0, -1).entries()) {
        const last = slice[at + 1]!.start - 1n
        if (answer === 0) continue
        list.addRange(addressText(family, start), addressText(family, last), `ipv${family}`)
      }
      for (const { start } of slice.slice(1, -1)) {
        for (const address of [start - 1n, start]) {
          const text = addressText(family, address)
          expect(table.locate(text) !== undefined, text).toBe(list.check(text, `ipv${family}`))
        }
      }
    }
  }
})
