import { expect, test } from 'vitest'
import type { IndexDelta } from '../../src/core/index-delta-chain.ts'
import {
  chainFrom,
  deltaName,
  deltaOf,
  parseChain,
  worthwhile,
} from '../../src/core/index-delta-chain.ts'

const link = (from: number, to: number, sizeBytes = 10): IndexDelta => ({
  from,
  to,
  key: `index/${deltaName(from, to)}`,
  sha256: 'a'.repeat(64),
  sizeBytes,
})
const chain = [link(1, 2), link(2, 3), link(3, 4)]

test('a name says which generations it leads from and to', () => {
  expect(deltaOf(deltaName(17, 18))).toEqual({ from: 17, to: 18 })
  for (const name of ['17.bin', '17-18.delta.tmp', '-18.delta', 'current.json']) {
    expect(deltaOf(name), name).toBeUndefined()
  }
})

test('a chain is kept from its end, eight long and less than half of the file', () => {
  expect(worthwhile([], 100)).toBeUndefined()
  expect(worthwhile(chain, 100)).toEqual(chain)
  expect(worthwhile(chain, 60)).toEqual(chain.slice(1))
  expect(worthwhile(chain, 20)).toBeUndefined()
  const long = Array.from({ length: 12 }, (_, at) => link(at, at + 1))
  expect(worthwhile(long, 1e6)).toEqual(long.slice(4))
})

test('the way from a generation is the rest of the chain', () => {
  const pointer = { sizeBytes: 100, deltas: chain }
  expect(chainFrom(1, pointer)).toEqual(chain)
  expect(chainFrom(3, pointer)).toEqual(chain.slice(2))
  expect(chainFrom(4, pointer)).toBeUndefined()
  expect(chainFrom(1, { sizeBytes: 100 })).toBeUndefined()
  // Whoever wrote it may have been less sparing.
  expect(chainFrom(1, { ...pointer, sizeBytes: 60 })).toBeUndefined()
})

test('is read as it was written', () => {
  expect(parseChain(JSON.parse(JSON.stringify(chain)), 'index/', 4)).toEqual(chain)
})

test.for<[string, unknown]>([
  ['nothing', undefined],
  ['no list', { 0: chain[0] }],
  ['an empty list', []],
  ['something else in it', [null, ...chain]],
  ['a number in it', [7]],
  ['a key that is elsewhere', [{ ...link(3, 4), key: 'other/3-4.delta' }]],
  ['a key that is a file of another kind', [{ ...link(3, 4), key: 'index/4.bin' }]],
  ['no key', [{ ...link(3, 4), key: undefined }]],
  ['no size', [{ ...link(3, 4), sizeBytes: '10' }]],
  ['a size of nothing', [link(3, 4, 0)]],
  ['no hash', [{ ...link(3, 4), sha256: 'a' }]],
  ['a hash that is no text', [{ ...link(3, 4), sha256: 7 }]],
  ['a gap', [link(1, 2), link(3, 4)]],
  ['an end that is another generation', chain.slice(0, 2)],
])('a chain with %s is none', ([, json]) => {
  expect(parseChain(json, 'index/', 4)).toBeUndefined()
})
