import type { Readable } from 'node:stream'
import type { Expected } from './content-error.ts'
import { tee } from './tee.ts'

/**
 * The same bytes, of which the last chunk is held back until length and hash are right. Fails with
 * ContentError.
 */
export function verified(source: Readable, expected: Expected): Readable {
  return tee(source, expected, 1).branches[0]!.body
}
