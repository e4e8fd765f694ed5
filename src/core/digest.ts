/** A content digest in the one form we mirror: `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly _digest: never }

const mirrorable = /^sha256:[a-f0-9]{64}$/

/** The digest in `text` if it is of the kind we mirror, else undefined. */
export function parseDigest(text: string): Digest | undefined {
  return mirrorable.test(text) ? (text as Digest) : undefined
}

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
// form.
const wellFormed = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/
const registered: Readonly<Record<string, RegExp>> = {
  sha256: /^[a-f0-9]{64}$/,
  sha384: /^[a-f0-9]{96}$/,
  sha512: /^[a-f0-9]{128}$/,
}

/**
 * Whether `text` is a digest at all. The image spec wants unregistered algorithms to pass; we never
 * mirror those.
 */
export function isWellFormedDigest(text: string): boolean {
  if (text.length > 512 || !wellFormed.test(text)) return false
  const colon = text.indexOf(':')
  const form = registered[text.slice(0, colon)]
  return form === undefined || form.test(text.slice(colon + 1))
}
