import { canaryText } from '../core/canary.ts'
import type { Digest } from '../core/digest.ts'
import { digestOf } from './content-digest.ts'

/**
 * The blob by which a mirror is tried: its bytes, and the digest that it is stored and asked for
 * by.
 */
export type Canary = { readonly digest: Digest; readonly bytes: Buffer }

/** The canary of one mirror. */
export function canaryOf(mirrorId: string): Canary {
  const bytes = Buffer.from(canaryText(mirrorId))
  return { digest: digestOf(bytes), bytes }
}
