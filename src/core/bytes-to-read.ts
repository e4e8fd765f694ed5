/**
 * How many bytes a client will read of a blob, by the method and the Range header of its request;
 * undefined where that depends on a size that is not known.
 *
 * A HEAD reads nothing. `bytes=N-` with N > 0 reads nothing more: whoever resumes, or fetches chunks
 * in parallel, was counted whole at its first request. A closed range counts its own length, as far
 * as there is a blob. Several ranges at once count as the whole, which is what S3 answers (S3 API
 * reference, GetObject, "doesn't support retrieving multiple ranges"), and so does a Range that is
 * none, which a server ignores (RFC 9110, 14.2).
 */
export function bytesToRead(
  method: string,
  range: string | undefined,
  sizeBytes: number | undefined,
): number | undefined {
  if (method === 'HEAD') return 0
  if (range === undefined) return sizeBytes

  const match = singleRange.exec(range)
  if (match === null) return sizeBytes
  const [, first, last] = match
  if (first === '') return last === '' ? sizeBytes : upTo(Number(last), sizeBytes)
  const from = Number(first)
  if (last === '') return from === 0 ? sizeBytes : 0
  const to = Number(last)
  // Backwards is no range at all.
  if (to < from) return sizeBytes
  const rest = sizeBytes === undefined ? Infinity : Math.max(0, sizeBytes - from)
  return Math.min(to - from + 1, rest)
}

// Fifteen digits: more is no place in any blob, and would not be exact.
const singleRange = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i

/** The last so many bytes. Without a size it is as many as are asked for: fewer would be all. */
function upTo(count: number, sizeBytes: number | undefined): number {
  return sizeBytes === undefined ? count : Math.min(count, sizeBytes)
}
