// What every text format is read with. Lines are followed by a line end in their buffer, which is
// none of the bytes that are looked for here: nothing needs to watch for the end of its line.

/** Where a word ends: at a space, a tab or a line end. */
export function endOfWord(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at]! > space) at++
  return at
}

/** Where the next word begins, one white space after this one's end; -1 where the line ends. */
export function nextWord(bytes: Uint8Array, from: number): number {
  const end = endOfWord(bytes, from)
  return bytes[end] === space ? end + 1 : -1
}

/** Where a quoted text ends: the quote that no backslash escapes; -1 where there is none. */
export function endOfQuoted(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at]
    if (byte === quote) return at
    if (byte === backslash) at++
  }
  return -1
}

/** Whether these bytes are a text's, which is ASCII. */
export function isAt(bytes: Uint8Array, from: number, text: Uint8Array): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text[at]) return false
  return true
}

/** A decimal number of 1 to 15 digits; NaN for anything else. */
export function readCount(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 15 || to <= from) return NaN
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 48
    if (!(digit >= 0 && digit <= 9)) return NaN
    value = value * 10 + digit
  }
  return value
}

/** Bytes sent: a number, or NaN for the `-` of whoever does not know; undefined for anything else. */
export function readSent(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to === from + 1 && bytes[from] === dash) return NaN
  const count = readCount(bytes, from, to)
  return Number.isNaN(count) ? undefined : count
}

/** A status of three digits; NaN for anything else. */
export function readStatus(bytes: Uint8Array, from: number, to: number): number {
  if (to !== from + 3) return NaN
  const hundreds = bytes[from]! - 48
  const tens = bytes[from + 1]! - 48
  const ones = bytes[from + 2]! - 48
  // Without a sign, what is below zero is above nine.
  if (hundreds >>> 0 > 9 || tens >>> 0 > 9 || ones >>> 0 > 9) return NaN
  return hundreds * 100 + tens * 10 + ones
}

/** The status that a word is, NaN for the `-` of whoever gave none; undefined for anything else. */
export function readStatusOrNone(bytes: Uint8Array, from: number): number | undefined {
  const end = endOfWord(bytes, from)
  if (end === from + 1 && bytes[from] === dash) return NaN
  const status = readStatus(bytes, from, end)
  return Number.isNaN(status) ? undefined : status
}

/** The bytes of an ASCII text. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

export const tab = 9
export const lineFeed = 10
export const carriageReturn = 13
export const space = 32
export const quote = 34
export const comma = 44
export const dash = 45
export const slash = 47
export const colon = 58
export const questionMark = 63
export const openBracket = 91
export const backslash = 92
export const closeBracket = 93
export const openBrace = 123
