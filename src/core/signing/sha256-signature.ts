import { hexOfWords } from './sha256-hex.ts'
import { createHmac } from './sha256-hmac.ts'
import { sha256Hex } from './sha256.ts'

/**
 * What is signed for a while with but a part of it changing: the SHA-256 of `before`, that part and
 * `after` is put in hex behind `start`, and all that is signed with the key of eight words. All text
 * is of ASCII characters alone.
 */
export type Signable = {
  readonly key: Int32Array
  readonly start: string
  readonly before: string
  readonly after: string
}

/** Makes the function that signs: the part that changes in, the signature in hex out. */
export type StartSignature = (signable: Signable) => (part: string) => string

/** Signs anywhere. Where the platform hashes synchronously, that is several times as fast. */
export const portableSignature: StartSignature = ({ key, start, before, after }) => {
  const sign = createHmac(key, start)
  return (part) => hexOfWords(sign(sha256Hex(before + part + after)))
}
