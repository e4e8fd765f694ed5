import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart, openIndex } from '../../../src/core/blob-index.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import { writeSyntheticIndex } from './synthetic-index.ts'

const mirrors = Array.from({ length: 11 }, (_, at) => ({ id: `aws/region-${at}`, url: `u${at}` }))

test('the index that benches make is one, and every mirror holds every blob', () => {
  const { bytes, sample } = writeSyntheticIndex(mirrors, 5_001)
  const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  expect([index.blobs, index.mirrors]).toEqual([5_001, mirrors])
  const rows = sample(5_001).map(index.find)
  expect(rows).toEqual(Array.from({ length: 5_001 }, (_, row) => row))
  expect(index.find(digestOfHex('0'.repeat(64)))).toBe(-1)
  for (const row of [0, 2_500, 5_000]) {
    expect(mirrors.every((_, at) => index.holds(row, at))).toBe(true)
    // Five bits are left in the last byte of eleven mirrors' set.
    expect(index.holds(row, 11)).toBe(false)
    expect(index.sizeBytes(row)).toBe(1_000_000)
  }
})
