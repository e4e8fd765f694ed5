import { expect, test } from 'vitest'
import { addressText } from '../../src/ranges/address-text.ts'

test('IPv4 is dotted', () => {
  expect(addressText(4, 0x0102_03ffn)).toBe('1.2.3.255')
})

// RFC 5952 §4.2: the longest run of zeros is shortened, the first of equals, and never a single
// group.
test.for<[bigint, string]>([
  [0n, '::'],
  [1n, '::1'],
  [1n << 112n, '1::'],
  [0x2001_0db8_0000_0001_0001_0001_0001_0001n, '2001:db8:0:1:1:1:1:1'],
  [0x2001_0000_0000_0001_0000_0000_0000_0001n, '2001:0:0:1::1'],
  [0x2001_0db8_0000_0000_0001_0000_0000_0001n, '2001:db8::1:0:0:1'],
])('%s is %s', ([address, wanted]) => {
  expect(addressText(6, address)).toBe(wanted)
})
