import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashedPart, IndexError } from '../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { applyIndexDelta, openIndexDelta } from '../../src/core/index-delta.ts'
import { writeIndexDelta } from '../../src/core/index-delta-writer.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const seal = (bytes: Uint8Array) => sealIndex(bytes, sha256(hashedPart(bytes)))
const hashed = (bytes: Uint8Array) => ({ bytes, sha256: sha256(bytes) })
const open = (bytes: Uint8Array) => openIndexDelta(bytes, sha256(hashedPart(bytes)))

/** Rows by the first eight bytes of their digests: a size, and the mirrors that hold it. */
type Rows = Readonly<Record<string, readonly [sizeBytes: number, mirrors: readonly number[]]>>

function indexOf(generation: number, rows: Rows, mirrors = 2): Uint8Array {
  return seal(
    writeIndex({
      generation,
      mirrors: Array.from({ length: mirrors }, (_, at) => ({ id: `aws/${at}`, url: `m${at}` })),
      rows: Object.entries(rows).map(([hex, [sizeBytes, places]]) => {
        return { digest: digestOfHex(hex.padEnd(64, '0')), sizeBytes, mirrors: places }
      }),
    }),
  )
}

function deltaOf(from: Uint8Array, to: Uint8Array): Uint8Array {
  return seal(writeIndexDelta(hashed(from), hashed(to))!)
}

function apply(base: Uint8Array, delta: Uint8Array): Uint8Array {
  const steps = applyIndexDelta(base, open(delta))
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const prefix = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((n) => `abcdef01${n.toString(16).padStart(8, '0')}`),
  fc.integer({ min: 0, max: 40 }).map((n) => n.toString(16).padStart(8, '0').padEnd(16, 'f')),
)
const rows = (mirrors: number) =>
  fc.dictionary(
    prefix,
    fc.tuple(fc.nat({ max: 3 }), fc.uniqueArray(fc.nat({ max: mirrors - 1 }), { maxLength: 2 })),
    { maxKeys: 60 },
  )

test('makes of the old index the new one, byte for byte', () => {
  const pair = fc
    .constantFrom(1, 8, 9, 20)
    .chain((mirrors) => fc.tuple(fc.constant(mirrors), rows(mirrors), rows(mirrors)))
  fc.assert(
    fc.property(pair, ([mirrors, before, after]) => {
      const [from, to] = [indexOf(1, before, mirrors), indexOf(2, after, mirrors)]
      const delta = deltaOf(from, to)
      expect(open(delta)).toMatchObject({ from: 1, to: 2 })
      expect(Buffer.compare(apply(from, delta), to)).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('finds the one row that is gone, or new, wherever it is', () => {
  const hexOf = (n: number) => n.toString(16).padStart(4, '0')
  const all: Rows = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [hexOf(at), [at, [0]] as const]),
  )
  const whole = indexOf(1, all)
  for (let at = 0; at < 60; at += 5) {
    const { [hexOf(at)]: _, ...others } = all
    const less = indexOf(2, others)
    expect(Buffer.compare(apply(whole, deltaOf(whole, less)), less)).toBe(0)
    expect(Buffer.compare(apply(less, deltaOf(less, whole)), whole)).toBe(0)
  }
})

test('a few rows are written where a few rows changed', () => {
  const before: Rows = { a1: [1, [0]], a2: [2, [0]], a3: [3, [0, 1]], a5: [5, []] }
  const after: Rows = { a1: [1, [0]], a3: [3, [1]], a4: [4, [1]], a5: [5, []] }
  const { removed, put, head } = open(deltaOf(indexOf(7, before), indexOf(8, after)))
  expect([...removed.high]).toEqual([0xa2000000])
  expect([...put.high]).toEqual([0xa3000000, 0xa4000000])
  expect([...put.sizes]).toEqual([3, 4])
  expect([...put.sets]).toEqual([2, 2])
  expect(Buffer.from(head).toString()).toContain('"aws/1"')
})

test('mirrors of another address are part of what changes', () => {
  const from = indexOf(1, { a1: [1, [0]] })
  const moved = [
    { id: 'aws/0', url: 'elsewhere' },
    { id: 'aws/1', url: 'm1' },
  ]
  const digest = digestOfHex('a1'.padEnd(64, '0'))
  const row = { digest, sizeBytes: 1, mirrors: [0] }
  const to = seal(writeIndex({ generation: 2, mirrors: moved, rows: [row] }))
  expect(Buffer.compare(apply(from, deltaOf(from, to)), to)).toBe(0)
})

test('there is none between indexes of so many mirrors more that every row is another', () => {
  const [from, to] = [indexOf(1, {}, 8), indexOf(2, {}, 9)]
  expect(writeIndexDelta(hashed(from), hashed(to))).toBeUndefined()
})

test('long columns are copied in several steps', () => {
  const many = Object.fromEntries(
    Array.from({ length: 3 }, (_, at) => [`a${at}`, [1, [0]] as const] as const),
  )
  const [from, to] = [indexOf(1, many), indexOf(2, { ...many, a9: [9, [1]] })]
  // What lies between two changes is far longer than these: the rows are made in place.
  const large = stretch(from, 200_000)
  const bigger = stretch(to, 200_000)
  const steps = applyIndexDelta(large, open(deltaOf(large, bigger)))
  let count = 0
  let step = steps.next()
  for (; step.done !== true; step = steps.next()) count++
  expect(count).toBeGreaterThan(5)
  expect(Buffer.compare(step.value as Uint8Array, bigger)).toBe(0)
})

/** The same index with so many rows more, before its own. */
function stretch(index: Uint8Array, more: number): Uint8Array {
  const view = new DataView(index.buffer, index.byteOffset)
  const blobs = view.getUint32(56, true)
  const start = index.length - blobs * 17
  const bytes = new Uint8Array(start + (more + blobs) * 17)
  bytes.set(index.subarray(0, start))
  new DataView(bytes.buffer).setUint32(56, more + blobs, true)
  const words = new Uint32Array(bytes.buffer, start, more)
  for (let row = 0; row < more; row++) words[row] = row
  let [from, to] = [start, start]
  for (const width of [4, 4, 8, 1]) {
    to += more * width
    bytes.set(index.subarray(from, from + blobs * width), to)
    from += blobs * width
    to += blobs * width
  }
  return seal(bytes)
}

const from = indexOf(1, { a1: [1, [0]], a2: [2, [1]] })
const delta = deltaOf(from, indexOf(2, { a1: [9, [0]] }))

test('is refused with any one bit of it turned over', () => {
  for (let bit = 0; bit < delta.length * 8; bit++) {
    const damaged = new Uint8Array(delta)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => open(damaged), `bit ${bit}`).toThrow(IndexError)
  }
})

test('is refused at every length but its own', () => {
  for (let length = 0; length < delta.length; length++) {
    expect(() => open(delta.slice(0, length)), `${length} bytes`).toThrow(IndexError)
  }
  // Also where whoever cut it sealed it again.
  expect(() => open(seal(delta.slice(0, -1)))).toThrow('own counts')
  expect(() => open(seal(Buffer.concat([delta, Buffer.alloc(8)])))).toThrow('own counts')
})

test('never makes the new index where it is sealed and something in it is wrong', () => {
  const right = apply(from, delta)
  // Not what it says of generations and hashes: those are for its reader to compare.
  for (let byte = 128; byte < delta.length; byte++) {
    const forged = new Uint8Array(delta)
    forged[byte]! ^= 1
    let made: Uint8Array | undefined
    try {
      made = apply(from, seal(forged))
    } catch (error) {
      expect(error, `byte ${byte}`).toBeInstanceOf(IndexError)
    }
    if (made !== undefined) expect(Buffer.compare(made, right), `byte ${byte}`).not.toBe(0)
  }
})

test('is refused where it removes a blob that the index does not have', () => {
  expect(() => apply(indexOf(1, { a1: [1, [0]] }), delta)).toThrow(
    'the delta removes a blob that the index does not have',
  )
})

test('is refused where it is of an index of other mirrors', () => {
  expect(() => apply(indexOf(1, {}, 9), delta)).toThrow('the delta is of an index of other mirrors')
})

test('is refused where the hash given is no SHA-256', () => {
  expect(() => openIndexDelta(delta, new Uint8Array())).toThrow('the delta is damaged')
})
