import type { IndexedMirror } from './blob-index.ts'
import { hashOffset, indexHeaderBytes, indexMagic, indexVersion, padded } from './blob-index.ts'
import type { Digest } from './digest.ts'
import type { IndexBody } from './index-rows.ts'
import { IndexRows } from './index-rows.ts'

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

/** Writes an index of a few rows, which need not be sorted, as `writeIndexOf` does. */
export function writeIndex({ generation, mirrors, rows }: IndexContent): Uint8Array {
  const made = new IndexRows(mirrors.length)
  for (const { digest, sizeBytes, mirrors: places } of rows) {
    const row = made.rowOf(digest)
    made.hold(row, sizeBytes)
    for (const place of places) made.hold(row, sizeBytes, place)
  }
  return writeIndexOf(generation, mirrors, made.columns())
}

/** Writes an index, in the form blob-index.ts tells, with no hash yet: `sealIndex` puts it in. */
export function writeIndexOf(
  generation: number,
  mirrors: readonly IndexedMirror[],
  body: IndexBody,
): Uint8Array {
  const text = JSON.stringify(mirrors)
  const start = indexHeaderBytes + padded(text.length)
  const bytes = new Uint8Array(start + body.bytes.length)
  const view = new DataView(bytes.buffer)
  putText(bytes, 0, indexMagic)
  view.setUint32(8, indexVersion, true)
  view.setFloat64(48, generation, true)
  view.setUint32(56, body.blobs, true)
  view.setUint32(60, mirrors.length, true)
  view.setUint32(64, text.length, true)
  putText(bytes, indexHeaderBytes, text.padEnd(padded(text.length)))
  bytes.set(body.bytes, start)
  return bytes
}

/** Puts the SHA-256 of `hashedPart(bytes)` into the header. */
export function sealIndex(bytes: Uint8Array, sha256: Uint8Array): Uint8Array {
  bytes.set(sha256, hashOffset)
  return bytes
}

/** Writes ASCII at a place in the bytes. Throws where the text is something else. */
export function putText(bytes: Uint8Array, offset: number, text: string): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) throw new Error(`wanted ASCII in an index, got ${JSON.stringify(text)}`)
    bytes[offset + at] = code
  }
}
