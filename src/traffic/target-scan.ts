import { asciiBytes, colon, isAt, questionMark, quote, slash, space } from './byte-scan.ts'
import { viewOf, wordOf } from './byte-words.ts'

/** `sha256`, as two words that overlap. */
export const algorithmWord = wordOf('sha2')
export const algorithmEndWord = wordOf('a256')
/** How many digits a SHA-256 has. */
export const hexLength = 64

// Some clients encode the colon, and S3 encodes in its log what came encoded.
const encodedColons = ['%3A', '%3a', '%253A', '%253a'].map((text) => asciiBytes(text))
/** How long a colon may be. */
export const longestColon = '%253A'.length

/** What two characters of a digest stand for; more than a byte where they are none. */
export const pairValues = new Uint16Array(65_536).fill(256)
for (let value = 0; value < 256; value++) {
  const pair = value.toString(16).padStart(2, '0')
  pairValues[(pair.charCodeAt(0) << 8) | pair.charCodeAt(1)] = value
}

/** By byte whether a segment of a path ends there: at a slash, or where the path does. */
export const stops = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) stops[byte] = byte === slash || isPathEnd(byte) ? 1 : 0

function isPathEnd(byte: number): boolean {
  return byte <= space || byte === quote || byte === questionMark
}

const scheme = asciiBytes('://')

/** Where the path begins in `https://host:443/path`; the word's own begin where it is none. */
export function afterHost(bytes: Uint8Array, from: number): number {
  for (let at = from; at <= from + 'https'.length; at++) {
    if (!isAt(bytes, at, scheme)) continue
    let path = at + scheme.length
    while (stops[bytes[path]!] === 0) path++
    return path
  }
  return from
}

/** What follows a colon that is encoded; the same place where there is none. */
export function afterEncodedColon(bytes: Uint8Array, at: number): number {
  for (const encoded of encodedColons) if (isAt(bytes, at, encoded)) return at + encoded.length
  return at
}

/**
 * Where the algorithm begins that is before these digits: `sha256:`, `sha256/` or `sha256/ab/`,
 * which the first two digits are; -1 where it is not there.
 */
export function beforeDigest(bytes: Uint8Array, hex: number): number {
  let end = hex
  if (bytes[hex - 1] === slash) {
    const isDeeper =
      bytes[hex - 4] === slash && bytes[hex - 3] === bytes[hex] && bytes[hex - 2] === bytes[hex + 1]
    end = isDeeper ? hex - 4 : hex - 1
  } else if (bytes[hex - 1] === colon) end = hex - 1
  else
    for (const each of encodedColons)
      if (isAt(bytes, hex - each.length, each)) end = hex - each.length
  const name = end - 'sha256'.length
  if (name < 0 || end === hex) return -1
  const view = viewOf(bytes)
  const isThere =
    view.getInt32(name) === algorithmWord && view.getInt32(name + 2) === algorithmEndWord
  return isThere ? name : -1
}
