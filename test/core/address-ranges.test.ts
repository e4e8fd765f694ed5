import IPCIDR from 'ip-cidr'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAddressRanges, parseRange } from '../../src/core/address-ranges.ts'

test.for<[string, string, boolean]>([
  ['203.0.113.0/24', '203.0.113.255', true],
  ['203.0.113.0/24', '203.0.114.0', false],
  ['203.0.113.7/32', '203.0.113.7', true],
  ['203.0.113.7/32', '203.0.113.8', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['0.0.0.0/0', '::1', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::', false],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '1.2.3.4', false],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['10.0.0.0/8', 'not an address', false],
])('%s has %s: %s', ([cidr, address, has]) => {
  expect(createAddressRanges([cidr]).has(address)).toBe(has)
})

test('of several ranges one is enough, and of none there is none', () => {
  const ranges = createAddressRanges(['10.0.0.0/8', '2001:db8::/32'])
  expect(['10.1.1.1', '2001:db8::5', '11.0.0.0'].map(ranges.has)).toEqual([true, true, false])
  expect(createAddressRanges([]).has('10.0.0.1')).toBe(false)
})

test.for<[string, RegExp]>([
  ['10.0.0.0', /^wanted a range such as .*, got 10\.0\.0\.0$/],
  ['10.0.0.0/33', /^wanted a range/],
  ['::/129', /^wanted a range/],
  ['ten/8', /^wanted a range/],
  ['10.0.0.0/', /^wanted a range/],
  ['10.0.0.0/8.5', /^wanted a range/],
  ['10.0.0.1/8', /^wanted no bits after the first 8, got 10\.0\.0\.1\/8$/],
  ['2001:db8::1/64', /^wanted no bits/],
])('%s is no range', ([text, message]) => {
  expect(parseRange(text)).toMatch(message)
  expect(() => createAddressRanges([text])).toThrow(RangeError)
})

test('agrees with ip-cidr', () => {
  const v4 = fc.ipV4()
  fc.assert(
    fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), (base, other, bits) => {
      const cidr = new IPCIDR(`${base}/${bits}`)
      const range = `${cidr.start() as string}/${bits}`
      expect(createAddressRanges([range]).has(other)).toBe(cidr.contains(other))
      expect(createAddressRanges([range]).has(base)).toBe(true)
    }),
  )
})
