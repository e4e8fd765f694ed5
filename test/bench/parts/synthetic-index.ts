import { createHash } from 'node:crypto'
import type { IndexedMirror } from '../../../src/core/blob-index.ts'
import { hashedPart } from '../../../src/core/blob-index.ts'
import { sealIndex, writeIndexOf } from '../../../src/core/blob-index-writer.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import { createNoise } from './random.ts'

/** An index whose blobs, of 1 MB each, are in every one of its mirrors. */
export type SyntheticIndex = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** So many of its blobs, evenly from the first to the last. */
  readonly sample: (count: number) => readonly Digest[]
}

/**
 * Makes an index in the form that blob-index.ts tells, straight into its columns: ten million rows
 * take a few seconds, where as many objects would take gigabytes. The same in every run.
 */
export function writeSyntheticIndex(
  mirrors: readonly IndexedMirror[],
  blobs: number,
): SyntheticIndex {
  const setBytes = Math.ceil(mirrors.length / 8)
  const body = new Uint8Array(blobs * (16 + setBytes))
  const high = new Uint32Array(body.buffer, 0, blobs)
  const low = new Uint32Array(body.buffer, 4 * blobs, blobs)
  const words = Math.ceil(blobs / 4) * 4
  const noise = createNoise('synthetic index').read(0, 8 * words)
  high.set(new Uint32Array(noise.buffer, noise.byteOffset, blobs))
  low.set(new Uint32Array(noise.buffer, noise.byteOffset + 4 * words, blobs))
  high.sort()
  sortAmongEquals(high, low)
  new Float64Array(body.buffer, 8 * blobs, blobs).fill(1_000_000)
  fillSets(body.subarray(16 * blobs), mirrors.length)
  const bytes = new Uint8Array(writeIndexOf(1, mirrors, { blobs, bytes: body }))
  sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())

  const hexAt = (row: number) => hexOf(high[row]!) + hexOf(low[row]!)
  return {
    bytes,
    // An index has the first eight bytes of a digest: the others may be any.
    sample: (count) =>
      Array.from({ length: count }, (_, n) =>
        digestOfHex(hexAt(Math.floor((n * blobs) / count)).repeat(4)),
      ),
  }
}

/** Rows are sorted by both columns: the few that agree in the first are put in order by the second. */
function sortAmongEquals(high: Uint32Array, low: Uint32Array): void {
  for (let n = 1; n < high.length; n++) {
    for (let at = n; at > 0 && high[at] === high[at - 1] && low[at]! < low[at - 1]!; at--) {
      const above = low[at - 1]!
      low[at - 1] = low[at]!
      low[at] = above
    }
  }
}

/** Every mirror's bit in every row, and no bit of a mirror that is not there. */
function fillSets(sets: Uint8Array, mirrors: number): void {
  const setBytes = Math.ceil(mirrors / 8)
  sets.fill(0xff)
  if (mirrors % 8 === 0) return
  for (let at = setBytes - 1; at < sets.length; at += setBytes) sets[at] = (1 << (mirrors % 8)) - 1
}

function hexOf(word: number): string {
  return word.toString(16).padStart(8, '0')
}
