import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashedPart, IndexError, indexHeaderBytes, openIndex } from '../../src/core/blob-index.ts'
import type { IndexContent } from '../../src/core/blob-index-writer.ts'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(hashedPart(bytes)).digest()
const seal = (bytes: Uint8Array) => sealIndex(bytes, hashOf(bytes))
const write = (content: Partial<IndexContent>) =>
  seal(writeIndex({ generation: 1, mirrors: [], rows: [], ...content }))
const open = (bytes: Uint8Array) => openIndex(bytes, hashOf(bytes))
const mirrors = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    id: `aws/r${at}`,
    url: `https://b${at}.example/{hex}`,
  }))
const digest = (start: string) => digestOfHex(start.padEnd(64, '0'))

/**
 * Digests close together and far apart: uniform ones, and ones that share their first four bytes.
 */
const hexDigest = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...'0123456789abcdef'.split('')),
    minLength: 64,
    maxLength: 64,
  }),
  fc.integer({ min: 0, max: 0xffff }).map((n) => `abcdef01${n.toString(16).padStart(56, '0')}`),
  fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16).padStart(8, '0').padEnd(64, 'f')),
)

test('agrees with a Map on every digest, known and unknown', () => {
  const content = fc.record({
    count: fc.integer({ min: 1, max: 20 }),
    rows: fc.uniqueArray(
      fc.tuple(hexDigest, fc.nat({ max: 2 ** 40 }), fc.array(fc.nat({ max: 19 }))),
      {
        selector: ([hex]) => hex,
        maxLength: 200,
      },
    ),
    strangers: fc.array(hexDigest, { maxLength: 20 }),
  })
  fc.assert(
    fc.property(content, ({ count, rows, strangers }) => {
      const known = rows.map(([hex, sizeBytes, places]) => ({
        digest: digestOfHex(hex),
        sizeBytes,
        mirrors: [...new Set(places.map((place) => place % count))],
      }))
      const shown = known.map((row) => row.digest.slice(7, 23))
      const alone = known.filter(
        (_, at) => shown.indexOf(shown[at]!) === shown.lastIndexOf(shown[at]!),
      )
      const oracle = new Map(alone.map((row) => [row.digest, row]))
      const index = open(write({ mirrors: mirrors(count), rows: known }))

      expect(index.blobs).toBe(oracle.size)
      for (const hex of [...rows.map(([each]) => each), ...strangers]) {
        const row = oracle.get(digestOfHex(hex))
        const at = index.find(digestOfHex(hex))
        // A stranger that agrees in eight bytes is taken for the blob it agrees with: nobody can
        // make one.
        if (
          row === undefined &&
          [...oracle.keys()].some((each) => each.slice(7, 23) === hex.slice(0, 16))
        )
          continue
        expect(at === -1).toBe(row === undefined)
        if (row === undefined) continue
        expect(index.sizeBytes(at)).toBe(row.sizeBytes)
        const held = mirrors(count).flatMap((_, mirror) =>
          index.holds(at, mirror) ? [mirror] : [],
        )
        expect(held).toEqual(row.mirrors.toSorted((a, b) => a - b))
      }
    }),
    { numRuns: 200 },
  )
})

test('tells its generation and mirrors', () => {
  const index = open(write({ generation: 1795228909586, mirrors: mirrors(9) }))
  expect(index).toMatchObject({ generation: 1795228909586, blobs: 0, mirrors: mirrors(9) })
  expect(index.find(digest('ab'))).toBe(-1)
})

test('an index of no mirrors is one too', () => {
  expect(open(write({})).mirrors).toEqual([])
})

test('two blobs that agree in their first eight bytes are both left out', () => {
  const row = (hex: string) => ({ digest: digest(hex), sizeBytes: 1, mirrors: [0] })
  const rows = [row('aaaaaaaaaaaaaaaa1'), row('aaaaaaaaaaaaaaab'), row('aaaaaaaaaaaaaaaa2')]
  const index = open(write({ mirrors: mirrors(1), rows }))
  expect(index.blobs).toBe(1)
  expect(rows.map((each) => index.find(each.digest))).toEqual([-1, 0, -1])
})

test('finds the blobs beside one another where a guess by proportion misleads', () => {
  const hexes = ['00000000', '00000001', '00000002', 'fffffffd', 'fffffffe', 'ffffffff']
  const crowded = Array.from(
    { length: 500 },
    (_, n) => `80000000${n.toString(16).padStart(8, '0')}`,
  )
  const rows = [...hexes, ...crowded].map((hex) => ({
    digest: digest(hex),
    sizeBytes: 1,
    mirrors: [],
  }))
  const index = open(write({ mirrors: mirrors(1), rows }))
  const found = rows.map((each) => index.find(each.digest))
  expect(new Set(found).size).toBe(rows.length)
  expect(found).not.toContain(-1)
  expect(index.find(digest('7fffffff'))).toBe(-1)
  expect(index.find(digest('80000000ffffffff'))).toBe(-1)
})

test('agrees with a list on uniform digests, and on what lies beside them', () => {
  const random = createHash('sha512')
  const hexes = Array.from({ length: 1000 }, (_, n) =>
    random.copy().update(`${n}`).digest('hex').slice(0, 64),
  )
  const rows = hexes.map((hex) => ({ digest: digestOfHex(hex), sizeBytes: 1, mirrors: [] }))
  const index = open(write({ mirrors: mirrors(1), rows }))
  const rowOf = new Map(hexes.toSorted().map((hex, row) => [hex, row]))
  // Twice each, as what a search has kept is another way to the same.
  for (const hex of [...hexes, ...hexes.toReversed()]) {
    expect(index.find(digestOfHex(hex))).toBe(rowOf.get(hex))
    expect(index.find(beside(hex, 15))).toBe(-1)
    expect(index.find(beside(hex, 7))).toBe(-1)
  }
})

/** A digest that differs in one hex digit alone. */
function beside(hex: string, at: number): Digest {
  const other = ((Number.parseInt(hex[at]!, 16) + 1) % 16).toString(16)
  return digestOfHex(hex.slice(0, at) + other + hex.slice(at + 1))
}

test('is refused with any one bit of it turned over', () => {
  const bytes = write({
    mirrors: mirrors(2),
    rows: [{ digest: digest('ab'), sizeBytes: 7, mirrors: [1] }],
  })
  expect(open(bytes).blobs).toBe(1)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = new Uint8Array(bytes)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => open(damaged), `bit ${bit}`).toThrow(IndexError)
  }
})

test('is refused at every length but its own', () => {
  const bytes = write({
    mirrors: mirrors(2),
    rows: [{ digest: digest('ab'), sizeBytes: 7, mirrors: [1] }],
  })
  for (let length = 0; length < bytes.length; length++) {
    expect(() => open(bytes.slice(0, length)), `${length} bytes`).toThrow(IndexError)
  }
  // Also where whoever cut it sealed it again.
  for (const length of [indexHeaderBytes, bytes.length - 1]) {
    expect(() => open(seal(bytes.slice(0, length)))).toThrow(`got ${length}`)
  }
  expect(() => open(seal(Buffer.concat([bytes, Buffer.alloc(8)])))).toThrow('own counts')
})

test('is opened from a Node buffer that lies at any place in its memory', () => {
  const bytes = write({
    mirrors: mirrors(1),
    rows: [{ digest: digest('ab'), sizeBytes: 7, mirrors: [0] }],
  })
  for (let offset = 0; offset < 8; offset++) {
    const buffer = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset)
    expect(open(buffer).sizeBytes(0)).toBe(7)
  }
})

test('is refused where the hash given is no SHA-256', () => {
  expect(() => openIndex(write({}), new Uint8Array())).toThrow('the index is damaged')
})

/** Sealed all the same: a writer that does it wrong, and not damage on the way. */
function forge(mirrorText: string, count: number): Uint8Array {
  const text = mirrorText.padEnd((mirrorText.length + 7) & ~7)
  const bytes = new Uint8Array(indexHeaderBytes + text.length)
  bytes.set(write({}).subarray(0, indexHeaderBytes))
  bytes.set(new TextEncoder().encode(text), indexHeaderBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(60, count, true)
  view.setUint32(64, mirrorText.length, true)
  return seal(bytes)
}

test.for<[string, string, number, string]>([
  ['that is no JSON', '[{', 1, 'wanted the mirrors of the index as JSON'],
  ['that is no list', '{"id":1}', 1, 'wanted an id and a url for each mirror of the index'],
  ['with nothing for a mirror', '[null]', 1, 'wanted an id and a url for each mirror of the index'],
  [
    'with a mirror of no url',
    '[{"id":"aws/a"}]',
    1,
    'wanted an id and a url for each mirror of the index',
  ],
  ['of another count', '[]', 1, 'wanted 1 mirrors in the index, got 0'],
])('is refused with a list of mirrors %s', ([, text, count, message]) => {
  expect(() => open(forge(text, count))).toThrow(new IndexError(message))
})

test('a version to come is refused by its number', () => {
  const bytes = write({})
  bytes[8] = 2
  expect(() => open(bytes)).toThrow('wanted an index of version 1, got version 2')
})
