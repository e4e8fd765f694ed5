import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseByteRange } from '../../src/embedded/byte-range.ts'

test.for<[string | null, number, object]>([
  [null, 10, { kind: 'whole' }],
  ['bytes=0-9', 10, { kind: 'part', first: 0, last: 9 }],
  ['bytes=3-', 10, { kind: 'part', first: 3, last: 9 }],
  ['bytes=-3', 10, { kind: 'part', first: 7, last: 9 }],
  ['bytes=-30', 10, { kind: 'part', first: 0, last: 9 }],
  ['bytes=9-100', 10, { kind: 'part', first: 9, last: 9 }],
  ['bytes=10-', 10, { kind: 'unsatisfiable' }],
  ['bytes=-0', 10, { kind: 'unsatisfiable' }],
  ['bytes=0-', 0, { kind: 'unsatisfiable' }],
  ['bytes=5-4', 10, { kind: 'whole' }],
  ['bytes=0-1,4-5', 10, { kind: 'whole' }],
  ['bytes=-', 10, { kind: 'whole' }],
  ['items=0-1', 10, { kind: 'whole' }],
  ['bytes=a-b', 10, { kind: 'whole' }],
])('%s of %i bytes', ([header, size, expected]) => {
  expect(parseByteRange(header, size)).toEqual(expected)
})

test('a part has the bytes that were asked for, and none from outside the body', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.nat(30), fc.nat(20), (from, to, size) => {
      expect(parseByteRange(`bytes=${from}-${to}`, size)).toEqual(slowRange(from, to, size))
    }),
  )
})

function slowRange(from: number, to: number, size: number): object {
  if (to < from) return { kind: 'whole' }
  const wanted = Array.from({ length: size }, (_, at) => at).filter((at) => at >= from && at <= to)
  if (wanted.length === 0) return { kind: 'unsatisfiable' }
  return { kind: 'part', first: wanted[0], last: wanted.at(-1) }
}
