import {
  absorbBlocks,
  absorbWords,
  finish,
  finishWords,
  initialState,
  sha256Words,
} from './sha256.ts'

/** A key of HMAC as it is used: text of ASCII characters, or the eight words of an HMAC before. */
export type HmacKey = string | Int32Array

/**
 * HMAC-SHA256 (RFC 2104) of texts that begin alike, in eight words. What is the same for all of
 * them, the padded keys and the whole blocks of `start`, is hashed once; a signature is then three
 * blocks in the place of six. All text is of ASCII characters alone.
 */
export function createHmac(key: HmacKey, start = ''): (rest: string) => Int32Array {
  const words = paddedKey(key)
  const inner = initialState()
  absorbWords(
    inner,
    words.map((word) => word ^ 0x3636_3636),
  )
  const outer = initialState()
  absorbWords(
    outer,
    words.map((word) => word ^ 0x5c5c_5c5c),
  )
  const absorbed = absorbBlocks(inner, start)
  const tail = start.slice(absorbed)
  const bytesBefore = 64 + absorbed

  return (rest) => {
    const message = inner.slice()
    finish(message, tail + rest, bytesBefore)
    const result = outer.slice()
    finishWords(result, message, 64)
    return result
  }
}

/** Sixteen words. A key of more than a block is its SHA-256 (some stores' secrets are so long). */
function paddedKey(key: HmacKey): Int32Array {
  const words = new Int32Array(16)
  if (typeof key !== 'string') words.set(key)
  else if (key.length > 64) words.set(sha256Words(key))
  else {
    for (let at = 0; at < key.length; at++) {
      words[at >> 2]! |= key.charCodeAt(at) << (24 - 8 * (at & 3))
    }
  }
  return words
}
