import { expect, test } from 'vitest'
import { openIndex, sealOf } from '../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { IndexRows } from '../../src/core/index-rows.ts'

const row = (hex: string, sizeBytes: number, mirrors: number[]) => ({
  digest: digestOfHex(hex.padEnd(64, '0')),
  sizeBytes,
  mirrors,
})

test('writes the format that blob-index.ts tells, byte for byte', () => {
  const bytes = writeIndex({
    generation: 5,
    mirrors: [{ id: 'aws/a', url: 'https://a/{hex}' }],
    rows: [row('b2', 300, [0]), row('a10203040506070809', 1, [])],
  })
  const text = '[{"id":"aws/a","url":"https://a/{hex}"}]'
  const wanted = Buffer.alloc(72 + text.length + 2 * 17)
  wanted.write('NEARPORT')
  wanted.writeUInt32LE(1, 8)
  wanted.writeDoubleLE(5, 48)
  wanted.writeUInt32LE(2, 56)
  wanted.writeUInt32LE(1, 60)
  wanted.writeUInt32LE(text.length, 64)
  wanted.write(text, 72)
  const start = 72 + text.length
  wanted.writeUInt32LE(0xa1020304, start)
  wanted.writeUInt32LE(0xb2000000, start + 4)
  wanted.writeUInt32LE(0x05060708, start + 8)
  wanted.writeDoubleLE(1, start + 16)
  wanted.writeDoubleLE(300, start + 24)
  wanted[start + 33] = 1
  expect(Buffer.from(bytes).toString('hex')).toBe(wanted.toString('hex'))
})

test('a blob that was left out, or that no mirror holds, is in no index', () => {
  const rows = new IndexRows(1)
  const [kept, gone] = [
    rows.rowOf(digestOfHex('a'.repeat(64))),
    rows.rowOf(digestOfHex('b'.repeat(64))),
  ]
  expect(rows.sizeBytes(kept)).toBeUndefined()
  rows.hold(kept, 7, 0)
  expect(rows.rowOf(digestOfHex('a'.repeat(64)))).toBe(kept)
  rows.hold(gone, 8, 0)
  rows.leaveOut(gone)
  rows.rowOf(digestOfHex('c'.repeat(64)))
  expect([rows.sizeBytes(kept), rows.sizeBytes(gone)]).toEqual([7, undefined])
  expect(rows.columns().blobs).toBe(1)
})

test('a thousand rows are all written', () => {
  const rows = Array.from({ length: 1000 }, (_, at) =>
    row(at.toString(16).padStart(8, '0'), at, [at % 9]),
  )
  const mirrors = Array.from({ length: 9 }, (_, at) => ({ id: `aws/${at}`, url: '' }))
  const bytes = writeIndex({ generation: 1, mirrors, rows: rows.toReversed() })
  const index = openIndex(bytes, sealOf(bytes))
  expect(index.blobs).toBe(1000)
  for (const {
    digest,
    sizeBytes,
    mirrors: [mirror],
  } of rows) {
    const at = index.find(digest)
    expect([index.sizeBytes(at), index.holds(at, mirror!)]).toEqual([sizeBytes, true])
  }
})

test('the order of the rows makes no difference', () => {
  const rows = ['c', 'a', 'b', 'd'].map((hex, at) => row(hex, at, [at]))
  const content = { generation: 1, mirrors: [], rows }
  const mirrors = Array.from({ length: 4 }, (_, at) => ({ id: `aws/${at}`, url: '' }))
  expect(writeIndex({ ...content, mirrors })).toEqual(
    writeIndex({ ...content, mirrors, rows: rows.toReversed() }),
  )
})

test('an address that is not ASCII is a bug of the caller', () => {
  const mirrors = [{ id: 'aws/a', url: 'https://größe.example' }]
  expect(() => writeIndex({ generation: 1, mirrors, rows: [] })).toThrow('wanted ASCII in an index')
})

test('the seal stands at byte 16', () => {
  const bytes = sealIndex(new Uint8Array(72), new Uint8Array(32).fill(7))
  expect([bytes[15], bytes[16], bytes[47], bytes[48]]).toEqual([0, 7, 7, 0])
})
