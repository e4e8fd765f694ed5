import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlobSample, mostPlaces } from '../../../src/core/estimate/blobs.ts'

const high = (share: number) => Math.floor(share * 2 ** 32)

/** A sample of 4 blobs, one in each quarter of the digests, each of as many bytes as its number. */
function createFour(): BlobSample {
  const blobs = new BlobSample(4)
  for (const [at, share] of [0.9, 0.1, 0.6, 0.3].entries()) {
    const row = blobs.add(high(share), at)
    blobs.growTo(row, at + 1)
    blobs.pulledBy(row, at)
  }
  return blobs
}

test('a blob has the size of the largest read of it, as one may have broken off', () => {
  const blobs = new BlobSample(4)
  const row = blobs.add(1, 2)
  expect(blobs.sizeAt(row)).toBe(0)
  for (const bytes of [10, 30, 20]) blobs.growTo(row, bytes)
  expect(blobs.sizeAt(row)).toBe(30)
})

test('blobs that differ in half of their fingerprint alone are two', () => {
  const blobs = new BlobSample(4)
  expect([blobs.add(1, 5), blobs.add(2, 5), blobs.add(1, 9)]).toEqual([0, 1, 2])
  expect([blobs.find(1, 5), blobs.find(2, 5), blobs.find(1, 9), blobs.find(2, 9)]).toEqual([
    0, 1, 2, -1,
  ])
})

test('what some places pulled is summed, each blob once', () => {
  const blobs = createFour()
  blobs.pulledBy(0, 3)
  expect(blobs.sum([0])).toEqual({ blobs: 1, sized: 1, bytes: 1 })
  expect(blobs.sum([0, 3])).toEqual({ blobs: 2, sized: 2, bytes: 5 })
  expect(blobs.sum([mostPlaces - 1])).toEqual({ blobs: 0, sized: 0, bytes: 0 })
})

test('a blob of no known size is counted apart', () => {
  const blobs = new BlobSample(4)
  blobs.pulledBy(blobs.add(1, 1), 100)
  expect(blobs.sum([100])).toEqual({ blobs: 1, sized: 0, bytes: 0 })
})

test('of every second one looked at, each counts for two', () => {
  expect(createFour().sum([0, 1, 2, 3], 2)).toEqual({ blobs: 4, sized: 4, bytes: 8 })
})

test('halving keeps the lower half of the digests, and tells who is where', () => {
  const blobs = createFour()
  expect(blobs.isFull).toBe(true)
  expect([...blobs.halve()!]).toEqual([-1, 0, -1, 1])
  expect([blobs.size, blobs.isFull, blobs.keptShare]).toEqual([2, false, 0.5])
  expect([blobs.keeps(high(0.4)), blobs.keeps(high(0.6))]).toEqual([true, false])
  expect([blobs.find(high(0.1), 1), blobs.find(high(0.3), 3)]).toEqual([0, 1])
  expect(blobs.sum([1, 3])).toEqual({ blobs: 2, sized: 2, bytes: 6 })

  const row = blobs.add(high(0.2), 7)
  expect([blobs.sizeAt(row), blobs.sum([0, 2]).blobs]).toEqual([0, 0])
})

test('digests that somebody made up end the halving', () => {
  const blobs = new BlobSample(2)
  blobs.add(0, 1)
  let times = 0
  while (blobs.halve() !== undefined) times++
  expect([times, blobs.keptShare]).toEqual([32, 2 ** -32])
})

test('agrees with a Map, whatever comes and however often it is halved', () => {
  const operation = fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(3), fc.nat(mostPlaces - 1), fc.nat(100))
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const blobs = new BlobSample(16)
      const twin = new Map<string, { high: number; bytes: number; places: Set<number> }>()
      for (const [digest, low, place, bytes] of operations) {
        if (!blobs.keeps(digest)) continue
        let row = blobs.find(digest, low)
        if (row < 0) {
          while (blobs.isFull) {
            blobs.halve()
            for (const [key, { high: of }] of twin) if (!blobs.keeps(of)) twin.delete(key)
          }
          if (!blobs.keeps(digest)) continue
          row = blobs.add(digest, low)
        }
        blobs.growTo(row, bytes)
        blobs.pulledBy(row, place)
        const key = `${digest} ${low}`
        const known = twin.get(key) ?? { high: digest, bytes: 0, places: new Set() }
        known.bytes = Math.max(known.bytes, bytes)
        known.places.add(place)
        twin.set(key, known)
      }
      expect(blobs.size).toBe(twin.size)
      for (const place of [0, 31, 32, 191, 64]) {
        const of = [...twin.values()].filter(({ places }) => places.has(place))
        const sized = of.filter(({ bytes }) => bytes > 0).length
        const bytes = of.reduce((sum, each) => sum + each.bytes, 0)
        expect(blobs.sum([place])).toEqual({ blobs: of.length, sized, bytes })
      }
    }),
  )
})
