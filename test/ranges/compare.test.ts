import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { compareTables } from '../../src/ranges/compare.ts'
import { compileRanges } from '../../src/ranges/compile.ts'
import { decodeTable } from '../../src/ranges/decode.ts'
import { documentsOf } from './sample-documents.ts'
import type { Row } from './sample-documents.ts'

function contentOf(...gcp: readonly Row[]): ReturnType<typeof decodeTable> {
  return decodeTable(compileRanges(documentsOf({ gcp }), crc32), crc32)
}

test('tables that number their locations differently may say the same', () => {
  const one = contentOf(['10.0.0.0/8', 'b'])
  const other = contentOf(['10.0.0.0/8', 'b'], ['11.0.0.0/8', 'a'])
  expect(compareTables(one, other)).toEqual([
    { first: '11.0.0.0', last: '11.255.255.255', one: 'nobody', other: 'gcp/a' },
  ])
})

test('a difference may go on to the last address', () => {
  const one = contentOf(['255.0.0.0/8', 'a'], ['ff00::/8', 'a'])
  const other = contentOf(['255.0.0.0/8', 'b'], ['ff00::/8', 'b'])
  expect(compareTables(one, other)).toEqual([
    { first: '255.0.0.0', last: '255.255.255.255', one: 'gcp/a', other: 'gcp/b' },
    {
      first: 'ff00::',
      last: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      one: 'gcp/a',
      other: 'gcp/b',
    },
  ])
})
