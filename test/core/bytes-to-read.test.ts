import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToRead } from '../../src/core/bytes-to-read.ts'

test.for<[string, string, string | undefined, number | undefined, number | undefined]>([
  ['a HEAD reads nothing', 'HEAD', undefined, 1000, 0],
  ['a HEAD with a range reads nothing', 'HEAD', 'bytes=0-9', undefined, 0],
  ['without a range it is the whole blob', 'GET', undefined, 1000, 1000],
  ['from the first byte on it is the whole blob', 'GET', 'bytes=0-', 1000, 1000],
  ['whoever resumes was counted before', 'GET', 'bytes=1-', 1000, 0],
  ['also where the size is not known', 'GET', 'bytes=700-', undefined, 0],
  ['a closed range is as long as it is', 'GET', 'bytes=100-199', 1000, 100],
  ['of one byte too', 'GET', 'bytes=0-0', 1000, 1],
  ['and known without the size', 'GET', 'bytes=100-199', undefined, 100],
  ['it ends where the blob ends', 'GET', 'bytes=900-5000', 1000, 100],
  ['past the end there is nothing', 'GET', 'bytes=1000-1001', 1000, 0],
  ['the last bytes are so many', 'GET', 'bytes=-10', 1000, 10],
  ['and no more than there are', 'GET', 'bytes=-5000', 1000, 1000],
  ['and known without the size too', 'GET', 'bytes=-10', undefined, 10],
  ['several ranges are answered with the whole', 'GET', 'bytes=0-9,20-29', 1000, 1000],
  ['other units are ignored', 'GET', 'lines=0-9', 1000, 1000],
  ['so is a range backwards', 'GET', 'bytes=9-0', 1000, 1000],
  ['so is one of nothing', 'GET', 'bytes=-', 1000, 1000],
  ['the unit may be written anyhow', 'GET', 'Bytes= 0-9', 1000, 10],
  ['of a blob of no known size nobody knows', 'GET', undefined, undefined, undefined],
])('%s', ([, method, range, sizeBytes, bytes]) => {
  expect(bytesToRead(method, range, sizeBytes)).toBe(bytes)
})

test('chunks that cover a blob come to its size, however it is cut', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 20 }), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), 1000]
      const chunks = edges.slice(1).map((end, at) => `bytes=${edges[at]}-${end - 1}`)
      const sum = chunks.reduce((total, range) => total + bytesToRead('GET', range, 1000)!, 0)
      expect(sum).toBe(1000)
    }),
  )
})
