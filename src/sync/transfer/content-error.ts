import type { Digest } from '../../core/digest.ts'

/**
 * A blob was not what its digest says. `wrong`: other bytes came, and the same will come again;
 * `broken`: they did not all come, which may be better the next time; `stalled`: they came, and
 * whom they were for did not take them.
 */
export class ContentError extends Error {
  override readonly name = 'ContentError'
  readonly kind: 'wrong' | 'broken' | 'stalled'
  readonly retryable: boolean

  constructor(kind: 'wrong' | 'broken' | 'stalled', message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.retryable = kind !== 'wrong'
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
