import { isIP } from 'node:net'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressWords, bareAddress, readAddress } from '../../src/core/address.ts'

/** Reads a text and gives what came of it as one value. */
function read(text: string): string {
  const family = readAddress(text)
  if (family === undefined) return 'refused'
  const words = [...addressWords.subarray(0, family === 4 ? 1 : 4)]
  return `${family} ${words.map((word) => word.toString(16).padStart(8, '0')).join(' ')}`
}

test.for([
  ['1.2.3.4', '4 01020304'],
  ['0.0.0.0', '4 00000000'],
  ['255.255.255.255', '4 ffffffff'],
  ['100.99.10.9', '4 64630a09'],
  ['::', '6 00000000 00000000 00000000 00000000'],
  ['::1', '6 00000000 00000000 00000000 00000001'],
  ['1::', '6 00010000 00000000 00000000 00000000'],
  ['1:2:3:4:5:6:7:8', '6 00010002 00030004 00050006 00070008'],
  ['1:2:3:4:5:6:7::', '6 00010002 00030004 00050006 00070000'],
  ['::2:3:4:5:6:7:8', '6 00000002 00030004 00050006 00070008'],
  ['2600:1f01:4874::47', '6 26001f01 48740000 00000000 00000047'],
  ['ABCD:ef01::FfFf', '6 abcdef01 00000000 00000000 0000ffff'],
  ['0000:0000:0000:0000:0000:0000:255.255.255.255', '6 00000000 00000000 00000000 ffffffff'],
  ['64:ff9b::192.0.2.33', '6 0064ff9b 00000000 00000000 c0000221'],
  ['1:2:3:4:5::6.7.8.9', '6 00010002 00030004 00050000 06070809'],
  ['::ffff:1.2.3.4', '4 01020304'],
  ['0:0:0:0:0:FFFF:1.2.3.4', '4 01020304'],
  ['::ffff:102:304', '4 01020304'],
  ['::fffe:1.2.3.4', '6 00000000 00000000 0000fffe 01020304'],
  ['::1:0:1.2.3.4', '6 00000000 00000000 00010000 01020304'],
  ['0:0:1::ffff:1.2.3.4', '6 00000000 00010000 0000ffff 01020304'],
])('%s is read as %s', ([text, wanted]) => {
  expect(read(text!)).toBe(wanted)
})

test.for([
  ['nothing', ''],
  ['a lone colon', ':'],
  ['a name', 'localhost'],
  ['three octets', '1.2.3'],
  ['five octets', '1.2.3.4.5'],
  ['an octet too large', '1.2.3.256'],
  ['an inner octet too large', '1.256.3.4'],
  ['an empty octet', '1..3.4'],
  ['an empty last octet', '1.22.33.'],
  ['an empty first octet', '.1.2.3'],
  ['an octet of four digits', '1.2.3.1000'],
  ['an octet that may be octal', '01.2.3.4'],
  ['a last octet that may be octal', '1.2.3.04'],
  ['an octet of too many zeros', '1.2.3.000'],
  ['a hexadecimal octet', '1.2.0x3.4'],
  ['a signed octet', '1.2.3.-4'],
  ['a number', '16909060'],
  ['digits of another script', '١.2.3.4'],
  ['a full-width dot', '1.2.3．4'],
  ['spaces', ' 1.2.3.4'],
  ['a port', '1.2.3.4:80'],
  ['a network', '1.2.3.0/24'],
  ['a NUL', '1.2.3.4\0'],
  ['seven groups', '1:2:3:4:5:6:7'],
  ['nine groups', '1:2:3:4:5:6:7:8:9'],
  ['eight groups and a gap', '1:2:3:4:5:6:7::8'],
  ['a gap before eight groups', '::1:2:3:4:5:6:7:8'],
  ['two gaps', '1::2::3'],
  ['three colons', ':::1'],
  ['a lone colon at the start', ':1::2'],
  ['a lone colon at the end', '1::2:'],
  ['a lone colon after eight groups', '1:2:3:4:5:6:7:8:'],
  ['a group of five digits', '12345::'],
  ['a last group of five digits', '::12345'],
  ['a digit that is none', '::g'],
  ['a letter that is not ASCII', '::é'],
  ['a quad that is not at the end', '::1.2.3.4:5'],
  ['a quad after seven groups', '1:2:3:4:5:6:7:1.2.3.4'],
  ['a quad after too few groups', '1:2:3:4:5:1.2.3.4'],
  ['a quad after six groups and a gap', '::1:2:3:4:5:6:1.2.3.4'],
  ['a wrong quad', '::ffff:1.2.3.256'],
  ['a zone', 'fe80::1%eth0'],
  ['brackets', '[::1]'],
  ['a text without end', '1'.repeat(100_000)],
  ['colons without end', ':'.repeat(100_000)],
])('%s is refused', ([, text]) => {
  expect(read(text!)).toBe('refused')
})

const nearly = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  // One character of an address changed, left out or put in.
  fc
    .tuple(
      fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('::ffff:1.2.3.4', '1:2:3:4:5:6:7::')),
      fc.nat(45),
      fc.nat(1),
      fc.constantFrom('', ':', '::', '.', '0', '1', '25', 'f', 'F', 'g', '-', ' ', '\0', '．'),
    )
    .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut)),
  fc.string({ unit: fc.constantFrom('0', '1', '2', '5', 'a', 'F', ':', '::', '.'), maxLength: 46 }),
)

test('accepts exactly what node:net accepts', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      const family = readAddress(text)
      const mapped = family === 4 && text.includes(':')
      expect(family ?? 0).toBe(mapped ? 4 : isIP(text))
      if (mapped) expect(isIP(text)).toBe(6)
    }),
    { numRuns: 20_000 },
  )
})

test('reads every IPv6 address to the value that was written', () => {
  const group = fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff))
  fc.assert(
    fc.property(
      fc.array(group, { minLength: 8, maxLength: 8 }),
      fc.nat(7),
      fc.nat(8),
      fc.nat(1),
      (groups, gap, width, quad) => {
        // Written with a gap wherever there are zeros for it, and with a quad at the end or not.
        const texts = groups.map((value) => value.toString(16))
        if (quad === 1) {
          const octets = groups.slice(6).flatMap((value) => [value >> 8, value & 255])
          texts.splice(6, 2, octets.join('.'))
        }
        const end = Math.min(gap + width, quad === 1 ? 6 : 8)
        const zeros = end > gap && groups.slice(gap, end).every((value) => value === 0)
        const text = zeros
          ? `${texts.slice(0, gap).join(':')}::${texts.slice(end).join(':')}`
          : texts.join(':')
        const hex = groups.map((value) => value.toString(16).padStart(4, '0')).join('')
        const words = hex.match(/.{8}/g)!
        const mapped = hex.startsWith('00000000000000000000ffff')
        expect(read(text)).toBe(mapped ? `4 ${words[3]}` : `6 ${words.join(' ')}`)
      },
    ),
    { numRuns: 5000 },
  )
})

test.for([
  ['1.2.3.4', '1.2.3.4'],
  [' \t1.2.3.4 ', '1.2.3.4'],
  ['1.2.3.4:80', '1.2.3.4'],
  ['1.2.3.4:65535', '1.2.3.4'],
  ['2600::1', '2600::1'],
  ['[2600::1]', '2600::1'],
  ['[2600::1]:443', '2600::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25eth0]:443', 'fe80::1'],
  ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
  ['[::ffff:1.2.3.4]:80', '::ffff:1.2.3.4'],
])('%j from a header is the address %s', ([text, wanted]) => {
  expect(bareAddress(text!)).toBe(wanted)
})

test.for([
  [''],
  [' '],
  ['unknown'],
  ['_hidden'],
  ['1.2.3.4:'],
  ['1.2.3.4:port'],
  ['1.2.3.4:800000'],
  ['1.2.3.4:8é'],
  ['1.2.3:80'],
  ['1.2.3.4%eth0'],
  ['fe80::1%'],
  ['%eth0'],
  ['[1.2.3.4]:80'],
  ['[2600::1'],
  ['[2600::1]443'],
  ['[2600::1]:'],
  ['[]'],
  ['[]:80'],
  ['1:2:3:4:5:6:7:8:80'],
  ['1.2.3.4, 5.6.7.8'],
  ['\u00a01.2.3.4'],
  [`fe80::1%${'x'.repeat(1000)}`],
])('%j from a header is no address', ([text]) => {
  expect(bareAddress(text!)).toBeUndefined()
})

test('whatever a header says, what comes out is an address that node:net knows', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        nearly.map((text) => `[${text}]:1`),
      ),
      (text) => {
        const address = bareAddress(text)
        if (address !== undefined) expect(isIP(address)).toBeGreaterThan(0)
      },
    ),
  )
})
