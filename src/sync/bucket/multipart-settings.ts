import { largestBlobBytes } from '../../core/plan.ts'

/** How blobs go that are too large for one request. Sizes in bytes, times in milliseconds. */
export type MultipartSettings = {
  /** What is larger than this is sent, and copied, in parts. */
  readonly largestPutBytes: number
  /** Of a part that is sent: the least that S3 takes. Larger where there would be too many. */
  readonly partBytes: number
  /** Of a part that is copied inside the store. */
  readonly copyPartBytes: number
  /** Parts that are sent at once, as long as they are of the usual size. */
  readonly partsAtOnce: number
  readonly copiesAtOnce: number
  /** Tries of one part, each of which the SDK makes up to three times. */
  readonly tries: number
  /** The pause before a part is tried again; it doubles with each. */
  readonly firstPauseMs: number
}

const mebibyte = 1024 * 1024

export const usualMultipart: MultipartSettings = {
  largestPutBytes: largestBlobBytes,
  partBytes: 5 * mebibyte,
  copyPartBytes: 512 * mebibyte,
  partsAtOnce: 3,
  copiesAtOnce: 4,
  tries: 4,
  firstPauseMs: 1000,
}

/** "Amazon S3 multipart upload limits", S3 user guide. */
const mostParts = 10_000

/** The size of every part but the last, so that there are no more of them than S3 takes. */
export function partSizeOf(sizeBytes: number, wantedBytes: number): number {
  return Math.max(wantedBytes, Math.ceil(sizeBytes / mostParts))
}

/** How many parts of this size to send at once: what waits in memory stays what it usually is. */
export function partsAtOnce(partBytes: number, settings: MultipartSettings): number {
  const usualBytes = settings.partBytes * settings.partsAtOnce
  return Math.max(1, Math.min(settings.partsAtOnce, Math.floor(usualBytes / partBytes)))
}
