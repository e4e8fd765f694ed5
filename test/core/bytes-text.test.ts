import { expect, test } from 'vitest'
import { bytesText } from '../../src/core/bytes-text.ts'

test.for<[number, string]>([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_500_000, '1.5 MB'],
  [99_499_999, '99 MB'],
  [99_500_000, '100 MB'],
  [999_499_999, '999 MB'],
  [999_500_000, '1.0 GB'],
  [2.5e12, '2.5 TB'],
  [7e18, '7000 PB'],
])('%i bytes are %s', ([bytes, text]) => {
  expect(bytesText(bytes)).toBe(text)
})
