import type { Digest } from './digest.ts'
import { digestOfHex } from './digest.ts'
import { sha256Hex } from './signing/sha256.ts'

/**
 * What a mirror's canary says: a blob of that mirror's own, which lies in its bucket and in no
 * other, so that reading it shows that an address leads to that very bucket.
 */
export function canaryText(mirrorId: string): string {
  return `${JSON.stringify({ nearport: 'canary', mirror: mirrorId })}\n`
}

/** The digest that a mirror's canary is stored and asked for by. */
export function canaryDigest(mirrorId: string): Digest {
  return digestOfHex(sha256Hex(canaryText(mirrorId)))
}
