import { colon, dot, meanings, stranger } from './address-characters.ts'
import { readEightGroups } from './full-ipv6.ts'

/** Which of the two internet protocols an address belongs to. */
export type AddressFamily = 4 | 6

// The longest IPv6 has six full groups and a full dotted quad.
const longestIpv4 = '255.255.255.255'.length
const longestAddress = '0000:0000:0000:0000:0000:0000:255.255.255.255'.length

/**
 * The longest header value worth looking at: an address, brackets, a port, and a zone of a generous
 * length.
 */
const longestClientAddress = 128

/**
 * The least octet that has so many digits. A smaller one has leading zeros, which some read as
 * octal; none has no digits.
 */
const leastOctets = new Uint16Array([256, 0, 10, 100])

/**
 * The address that `readAddress` read last, the most significant word first: one word for IPv4,
 * four for IPv6. There is one for all, for reading is synchronous, and an array for each address
 * would cost more than reading it.
 */
export const addressWords = new Uint32Array(4)

/**
 * The same memory as IPv6's groups of 16 bits: group `g` is at `g ^ 1`, the lower half of a word
 * being its first.
 */
const groups = new Uint16Array(addressWords.buffer)

/**
 * Reads a textual address into `addressWords`. Returns its family, or undefined for anything else,
 * and then leaves the words in no particular state. Work is bounded whatever the text is.
 *
 * IPv4 is four decimal numbers without leading zeros. IPv6 is every form of RFC 4291 §2.2. An
 * IPv4-mapped address (`::ffff:1.2.3.4`) is the IPv4 address that it stands for. Ports, brackets
 * and zones are refused: see `bareAddress`.
 */
export function readAddress(text: string): AddressFamily | undefined {
  if (text.length > longestAddress) return undefined
  if (text.length <= longestIpv4 && readDottedQuad(text, 0)) return 4
  if (!readEightGroups(text, groups) && !readGroups(text)) return undefined
  return addressWords[0] === 0 && isMapped() ? 4 : 6
}

/**
 * The address alone in a value that a header carries: without the spaces, port, brackets or zone
 * that proxies add (`1.2.3.4:80`, `[2600::1]:443`, `fe80::1%eth0`). Returns undefined when what is
 * left is not an address, and for an IPv6 address with a port and no brackets, which can be read in
 * two ways.
 */
export function bareAddress(text: string): string | undefined {
  if (text.length > longestClientAddress) return undefined
  const value = withoutSpaces(text)
  if (readAddress(value) !== undefined) return value

  if (value.startsWith('[')) {
    const end = value.indexOf(']')
    if (end + 1 < value.length && !isPort(value, end + 1)) return undefined
    return ipv6WithoutZone(value.slice(1, end))
  }
  if (value.includes('%')) return ipv6WithoutZone(value)

  const end = value.indexOf(':')
  if (!isPort(value, end)) return undefined
  const host = value.slice(0, end)
  return readAddress(host) === undefined ? undefined : host
}

// Both readers run on every blob request, and look at each character once.

/**
 * Reads `text` from `start` to its end as a dotted quad into the first word. How many digits an
 * octet has is what processors guess wrong, so it is computed, and what is wrong with any octet is
 * gathered in one sign.
 */
function readDottedQuad(text: string, start: number): boolean {
  let quad = 0
  let sign = 0
  let at = start
  for (let octets = 0; octets < 3; octets++) {
    // The shortest that may follow is a digit, a dot and a digit.
    if (at + 2 >= text.length) return false
    // Exclusive or puts the ten digits, and nothing else, below ten.
    const first = text.charCodeAt(at) ^ 48
    const second = text.charCodeAt(at + 1) ^ 48
    const third = text.charCodeAt(at + 2) ^ 48
    const hasSecond = (second - 10) >>> 31
    const hasThird = hasSecond & ((third - 10) >>> 31)

    let octet = first + (-hasSecond & (first * 9 + second))
    octet += -hasThird & (octet * 9 + third)
    const digits = 1 + hasSecond + hasThird
    at += digits
    if (at >= text.length) return false
    // An IPv6 address as short as these ends here.
    if (text.charCodeAt(at) !== 46) return false
    sign |= (9 - first) | signOfOctet(octet, digits)
    quad = (quad << 8) | octet
    at++
  }
  const digits = text.length - at
  if (digits > 3) return false
  let last = 0
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) ^ 48
    sign |= 9 - digit
    last = last * 10 + digit
  }
  if ((sign | signOfOctet(last, digits)) < 0) return false
  addressWords[0] = (quad << 8) | last
  return true
}

/** Negative when a number of so many digits is no octet: too large, or with leading zeros. */
function signOfOctet(value: number, digits: number): number {
  return (255 - value) | (value - leastOctets[digits]!)
}

/** Reads `text` as IPv6 into `groups`. */
function readGroups(text: string): boolean {
  let count = 0
  let gap = -1
  let group = 0
  let begin = 0
  if (text.length > 1 && text.charCodeAt(0) === 58 && text.charCodeAt(1) === 58) {
    gap = 0
    begin = 2
  }

  for (let at = begin; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const meaning = code < 128 ? meanings[code]! : stranger
    if (meaning < 16) {
      group = (group << 4) | meaning
      continue
    }
    const digits = at - begin
    if (meaning !== colon) return meaning === dot && readEmbedded(text, begin, count, gap)
    if (digits > 4) return false
    if (digits > 0) {
      if (count > 6) return false
      groups[count++ ^ 1] = group
      group = 0
    } else {
      // The character before was a colon too: this is the `::`, and there may be one.
      if (gap >= 0 || count === 0) return false
      gap = count
    }
    begin = at + 1
  }

  const digits = text.length - begin
  if (digits > 4) return false
  if (digits > 0) groups[count++ ^ 1] = group
  else if (gap !== count) return false
  return gap < 0 ? count === 8 : widenGap(gap, count)
}

/** Reads the dotted quad that an IPv6 address may end with: its last two groups. */
function readEmbedded(text: string, begin: number, count: number, gap: number): boolean {
  // The quad goes through the first word, where groups are already.
  const first = addressWords[0]!
  if (count > 6 || !readDottedQuad(text, begin)) return false
  const quad = addressWords[0]!
  addressWords[0] = first
  groups[count ^ 1] = quad >>> 16
  groups[(count + 1) ^ 1] = quad
  return gap < 0 ? count === 6 : widenGap(gap, count + 2)
}

/**
 * Moves the groups after the `::` to the end and puts zeros in between: it stands for one group at
 * least.
 */
function widenGap(gap: number, count: number): boolean {
  if (count > 7) return false
  const shift = 8 - count
  for (let at = 7; at >= gap + shift; at--) groups[at ^ 1] = groups[(at - shift) ^ 1]!
  for (let at = gap; at < gap + shift; at++) groups[at ^ 1] = 0
  return true
}

/** Whether the words are ::ffff:0:0/96, and if so puts the IPv4 address first. */
function isMapped(): boolean {
  if (addressWords[1] !== 0 || addressWords[2] !== 0xffff) return false
  addressWords[0] = addressWords[3]!
  return true
}

function ipv6WithoutZone(host: string): string | undefined {
  const zone = host.indexOf('%')
  if (zone === host.length - 1) return undefined
  const address = zone < 0 ? host : host.slice(0, zone)
  const read = address.includes(':') && readAddress(address) !== undefined
  return read ? address : undefined
}

/** Whether `value` ends, from `start` on, with a colon and a port's one to five digits. */
function isPort(value: string, start: number): boolean {
  const digits = value.length - start - 1
  if (start < 0 || value.charCodeAt(start) !== 58 || digits < 1 || digits > 5) return false
  for (let at = start + 1; at < value.length; at++) {
    if (!(meanings[value.charCodeAt(at)]! < 10)) return false
  }
  return true
}

/** Without the optional white space of RFC 9110 §5.6.3 at either end. */
function withoutSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9
}
