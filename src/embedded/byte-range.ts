/** What a Range header asks of a body of known size. `first` and `last` are inclusive. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  | { readonly kind: 'unsatisfiable' }

const whole: ByteRange = { kind: 'whole' }
const unsatisfiable: ByteRange = { kind: 'unsatisfiable' }

/**
 * Reads a single byte range (RFC 9110 §14.1.2). What is malformed, in another unit, or more than
 * one range gets the whole body, as §14.2 allows and as S3 does.
 */
export function parseByteRange(header: string | null, size: number): ByteRange {
  const [, from, to] = header?.match(/^bytes=(\d*)-(\d*)$/) ?? []
  if (from === undefined || to === undefined || from + to === '') return whole

  if (from === '') {
    const length = Math.min(Number(to), size)
    return length === 0 ? unsatisfiable : { kind: 'part', first: size - length, last: size - 1 }
  }
  const first = Number(from)
  const last = to === '' ? Infinity : Number(to)
  if (last < first) return whole
  if (first >= size) return unsatisfiable
  return { kind: 'part', first, last: Math.min(last, size - 1) }
}
