import { readFileSync } from 'node:fs'
import { crc32 as oracle } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bundledTablePath } from '../../src/ranges/bundled.ts'
import { crc32 } from '../../src/runtime/crc32.ts'

test('agrees with zlib on any bytes, and on the table that is shipped', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32(bytes) === oracle(bytes)))
  const table = readFileSync(bundledTablePath)
  expect(crc32(table)).toBe(oracle(table))
})
