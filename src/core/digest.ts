/** A content digest in the one form we mirror: `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly _digest: never }

/** The digest in `text` if it is of the kind we mirror, else undefined. */
export function parseDigest(text: string): Digest | undefined {
  return isSha256(text) ? (text as Digest) : undefined
}

/** In two fifths of the time of a regular expression, which counts its way through `{64}`. */
function isSha256(text: string): boolean {
  if (text.length !== 71 || !text.startsWith('sha256:')) return false
  // Negative as soon as one digit is.
  let sign = 0
  for (let at = 7; at < 71; at++)
    sign |= hexDigits[text.charCodeAt(at) & 127]! | (127 - text.charCodeAt(at))
  return sign >= 0
}

/** By character: what it stands for as a digit of lower-case hex; -1: none. */
const hexDigits = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value++) hexDigits[value.toString(16).charCodeAt(0)] = value

/**
 * The digest made of a SHA-256 in lower-case hex. Throws if it is not one: that is a bug in the
 * caller.
 */
export function digestOfHex(hex: string): Digest {
  const digest = parseDigest(`sha256:${hex}`)
  if (digest === undefined)
    throw new Error(`wanted 64 lower-case hex digits, got ${hex.slice(0, 80)}`)
  return digest
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(7)
}

// image-spec, descriptor.md §digests. The lengths of the registered algorithms are part of their
// form: of SHA-256's `isSha256` knows.
const wellFormed = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/
const registered: Readonly<Record<string, RegExp>> = {
  sha384: /^[a-f0-9]{96}$/,
  sha512: /^[a-f0-9]{128}$/,
}

/**
 * Whether `text` is a digest at all. The image spec wants unregistered algorithms to pass; we never
 * mirror those.
 */
export function isWellFormedDigest(text: string): boolean {
  if (text.startsWith('sha256:')) return isSha256(text)
  if (text.length > 512 || !wellFormed.test(text)) return false
  const colon = text.indexOf(':')
  const form = registered[text.slice(0, colon)]
  return form === undefined || form.test(text.slice(colon + 1))
}

/**
 * The first eight bytes of the digest that was read last, in two words: all that an index has of it.
 * One for all, as reading is synchronous: whoever wants it has it read and takes it at once.
 */
export const fingerprint = new Uint32Array(2)

let fingerprinted: Digest | undefined

/**
 * Reads a digest into `fingerprint`. Of the digest that is there already, as it is where its request was
 * just read, nothing is read again: that takes 3 ns in the place of 50.
 */
export function readFingerprint(digest: Digest): void {
  if (digest !== fingerprinted) setFingerprint(digest, wordAt(digest, 7), wordAt(digest, 15))
}

/** Says what `readFingerprint` would read of a digest, for whoever has it in another form. */
export function setFingerprint(digest: Digest, high: number, low: number): void {
  fingerprint[0] = high
  fingerprint[1] = low
  fingerprinted = digest
}

/** The number in eight hex digits from the character at `offset`. */
function wordAt(digest: Digest, offset: number): number {
  let word = 0
  for (let at = offset; at < offset + 8; at++)
    word = (word << 4) | hexDigits[digest.charCodeAt(at)]!
  return word
}
