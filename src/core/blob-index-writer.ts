import type { IndexedMirror } from './blob-index.ts'
import {
  hashOffset,
  indexHeaderBytes,
  indexMagic,
  indexVersion,
  padded,
  wordOf,
} from './blob-index.ts'
import type { Digest } from './digest.ts'

/** One blob of an index: `mirrors` are places in the index's list of mirrors. */
export type IndexRow = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly mirrors: readonly number[]
}

/** What an index is made of. */
export type IndexContent = {
  readonly generation: number
  readonly mirrors: readonly IndexedMirror[]
  readonly rows: readonly IndexRow[]
}

/**
 * Writes an index, in the form blob-index.ts tells, with no hash yet: `sealIndex` puts it in. Two
 * different blobs that agree in their first eight bytes are both left out: their clients go to the
 * upstream, which is always right.
 */
export function writeIndex(content: IndexContent): Uint8Array {
  const rows = distinguishable(content.rows)
  const text = JSON.stringify(content.mirrors)
  const start = indexHeaderBytes + padded(text.length)
  const setBytes = Math.ceil(content.mirrors.length / 8)
  const bytes = new Uint8Array(start + rows.length * (16 + setBytes))
  const view = new DataView(bytes.buffer)

  putText(bytes, 0, indexMagic)
  view.setUint32(8, indexVersion, true)
  view.setFloat64(48, content.generation, true)
  view.setUint32(56, rows.length, true)
  view.setUint32(60, content.mirrors.length, true)
  view.setUint32(64, text.length, true)
  putText(bytes, indexHeaderBytes, text.padEnd(padded(text.length)))

  const sizes = start + 8 * rows.length
  const sets = start + 16 * rows.length
  rows.forEach((row, n) => {
    view.setUint32(start + 4 * n, wordOf(row.digest, 7), true)
    view.setUint32(start + 4 * (rows.length + n), wordOf(row.digest, 15), true)
    view.setFloat64(sizes + 8 * n, row.sizeBytes, true)
    for (const mirror of row.mirrors)
      bytes[sets + n * setBytes + (mirror >> 3)]! |= 1 << (mirror & 7)
  })
  return bytes
}

/** Puts the SHA-256 of `hashedPart(bytes)` into the header. */
export function sealIndex(bytes: Uint8Array, sha256: Uint8Array): Uint8Array {
  bytes.set(sha256, hashOffset)
  return bytes
}

/** Sorted by digest, without those that the index could not tell apart. */
function distinguishable(rows: readonly IndexRow[]): readonly IndexRow[] {
  const sorted = rows.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
  const shown = (row: IndexRow | undefined) => row?.digest.slice(7, 23)
  return sorted.filter(
    (row, n) => shown(row) !== shown(sorted[n - 1]) && shown(row) !== shown(sorted[n + 1]),
  )
}

function putText(bytes: Uint8Array, offset: number, text: string): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) throw new Error(`wanted ASCII in an index, got ${JSON.stringify(text)}`)
    bytes[offset + at] = code
  }
}
