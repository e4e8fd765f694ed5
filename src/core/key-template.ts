import type { Digest } from './digest.ts'
import { hexOf, parseDigest } from './digest.ts'

/** Where a mirror keeps a blob: digests to object keys and back. */
export type KeyTemplate = {
  readonly text: string
  /** What every key of a blob begins with: where a listing starts. */
  readonly prefix: string
  readonly keyOf: (digest: Digest) => string
  /** The same as it is signed, and sent where it is signed: `:` is `%3A`. */
  readonly pathOf: (digest: Digest) => string
  /** The digest whose key this is, or undefined where the key is not a blob's. */
  readonly digestOf: (key: string) => Digest | undefined
}

/** The layout that the buckets of registry.k8s.io have, so that such a bucket works unchanged. */
export const defaultKeyTemplate = 'containers/images/{algorithm}:{hex}'

const piece = /\{algorithm\}|\{hex(?::\d+)?\}/g

/**
 * Reads a key template: text with `{algorithm}`, `{hex}` and `{hex:N}` (the first N hex digits).
 * Returns a sentence saying what is wrong where it is not one.
 */
export function parseKeyTemplate(text: string): KeyTemplate | string {
  const literal = text.replaceAll(piece, '')
  if (!/^[A-Za-z0-9._/:-]*$/.test(literal)) {
    return `wanted letters, digits and . _ / : - around {algorithm}, {hex} and {hex:N}, got ${text}`
  }
  if (!text.includes('{hex}')) return `wanted {hex} somewhere, or blobs share a key, got ${text}`
  if (text.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return `wanted no empty segment, . or .. between slashes, got ${text}`
  }
  if (text.startsWith('nearport/')) return `wanted a key outside nearport/, which is nearport's own`

  const fixed = text.replaceAll('{algorithm}', 'sha256')
  const keyOf = fill(fixed)
  const prefix = fixed.slice(0, fixed.indexOf('{hex'))
  const before = lengthBeforeHex(fixed)

  return {
    text,
    prefix,
    keyOf,
    pathOf: fill(fixed.replaceAll(aroundHex, (colon) => (colon === ':' ? '%3A' : colon))),
    digestOf(key) {
      const digest = parseDigest(`sha256:${key.slice(before, before + 64)}`)
      return digest !== undefined && keyOf(digest) === key ? digest : undefined
    },
  }
}

/** A colon, or a whole placeholder, whose own colon is none of the key's. */
const aroundHex = /\{hex(?::\d+)?\}|:/g

/** Taken apart once: every blob that is asked for has its key made. */
function fill(fixed: string): (digest: Digest) => string {
  const [first, ...rest] = fixed.split(/\{hex(?::(\d+))?\}/)
  const pieces: { readonly length: number; readonly after: string }[] = []
  for (let at = 0; at < rest.length; at += 2) {
    pieces.push({ length: Number(rest[at] ?? 64), after: rest[at + 1]! })
  }
  return (digest) => {
    const hex = hexOf(digest)
    let key = first!
    for (const { length, after } of pieces) key += hex.slice(0, length) + after
    return key
  }
}

/**
 * How many characters of a key stand before its whole digest: `{hex:2}` in front of it takes two.
 */
function lengthBeforeHex(fixed: string): number {
  const sample = '0'.repeat(64)
  const head = fixed.slice(0, fixed.indexOf('{hex}'))
  return head.replaceAll(piece, (token) => sample.slice(0, Number(token.slice(5, -1)))).length
}

/** The template of the default layout. */
export const defaultKeys = parseKeyTemplate(defaultKeyTemplate) as KeyTemplate
