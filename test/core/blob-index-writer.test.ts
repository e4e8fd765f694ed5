import { expect, test } from 'vitest'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import { digestOfHex } from '../../src/core/digest.ts'

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
