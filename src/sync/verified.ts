import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Digest } from '../core/digest.ts'
import { hexOf } from '../core/digest.ts'

/**
 * A blob was not what its digest says. `wrong`: other bytes came, and the same will come again;
 * `broken`: they did not all come, which may be better the next time.
 */
export class ContentError extends Error {
  override readonly name = 'ContentError'
  readonly kind: 'wrong' | 'broken'
  readonly retryable: boolean

  constructor(kind: 'wrong' | 'broken', message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.retryable = kind === 'broken'
  }
}

/**
 * A blob to be read: `from` is what messages call its source, `onBytes` hears of every chunk that
 * came.
 */
export type Expected = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly from: string
  readonly onBytes: (count: number) => void
}

/**
 * The same bytes, of which the last chunk is held back until length and hash are right: what is
 * written with a known length can never be complete with wrong bytes. Fails with ContentError.
 */
export function verified(source: Readable, expected: Expected): Readable {
  const bytes = check(source, expected)
  const stream = Readable.from(bytes, { objectMode: false, highWaterMark: 64 * 1024 })
  // A generator that nobody began to read does not close what it reads from.
  stream.once('close', () => source.destroy())
  return stream
}

async function* check(source: Readable, expected: Expected): AsyncGenerator<Uint8Array> {
  const { digest, sizeBytes, from, onBytes } = expected
  const wanted = `wanted ${sizeBytes} bytes of ${digest} from ${from}`
  const hash = createHash('sha256')
  let length = 0
  let held: Uint8Array | undefined
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      if (chunk.length === 0) continue
      onBytes(chunk.length)
      length += chunk.length
      if (length > sizeBytes) throw new ContentError('wrong', `${wanted}, got more`)
      hash.update(chunk)
      if (held !== undefined) yield held
      held = chunk
    }
  } catch (error) {
    if (error instanceof ContentError) throw error
    throw new ContentError('broken', `${wanted}, got ${length}: ${(error as Error).message}`, error)
  }
  if (length < sizeBytes) throw new ContentError('broken', `${wanted}, got ${length}`)
  const got = hash.digest('hex')
  if (got !== hexOf(digest)) {
    throw new ContentError('wrong', `wanted ${digest} from ${from}, got sha256:${got}`)
  }
  if (held !== undefined) yield held
}
