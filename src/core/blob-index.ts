import type { Digest } from './digest.ts'
import { createRowSearch } from './row-search.ts'

/**
 * What the mirrors hold, as a view over the bytes that sync published: nothing is parsed but the
 * header, and a lookup touches a few words. Format (little-endian, every column aligned to its
 * width):
 *
 * | offset | what |
 * |---|---|
 * | 0 | magic `NEARPORT` |
 * | 8 | u32 version, 1; u32 zero |
 * | 16 | SHA-256 of everything from byte 48 |
 * | 48 | f64 generation; u32 blobs N; u32 mirrors M; u32 length L of the mirrors' text; u32 zero |
 * | 72 | the mirrors as JSON, ASCII, L bytes, padded with spaces to a multiple of 8 |
 * | … | N × u32: digest bytes 0–3, big end first in value; sorted with the next column |
 * | … | N × u32: digest bytes 4–7 |
 * | … | N × f64: size in bytes |
 * | … | N × ⌈M/8⌉ bytes: bit m of row n says that mirror m holds blob n |
 *
 * Eight bytes of a digest tell blobs apart: two that agree in them are both left out by whoever
 * writes the index. A digest of nothing at all that was made to agree with a blob's is taken for
 * it, and its maker is sent to where there is nothing.
 */
export type BlobIndex = {
  /** Grows with each publication. */
  readonly generation: number
  readonly blobs: number
  readonly mirrors: readonly IndexedMirror[]
  /** The row of a digest, or -1. */
  readonly find: (digest: Digest) => number
  /** The size in bytes of the blob in a row. */
  readonly sizeBytes: (row: number) => number
  /** Whether the mirror at this place in `mirrors` holds the blob in a row. */
  readonly holds: (row: number, mirror: number) => boolean
  /** The first 16 hex digits of the digest in a row: all that the index has of it. */
  readonly hexAt: (row: number) => string
}

/** A mirror as the index knows it: `url` is where its canary was read, key template and all. */
export type IndexedMirror = { readonly id: string; readonly url: string }

export const indexMagic = 'NEARPORT'
export const indexVersion = 1
export const indexHeaderBytes = 72
export const hashOffset = 16
const hashedFrom = 48

/** The index is not one, or not whole. */
export class IndexError extends Error {
  override readonly name = 'IndexError'
}

/** The bytes that the header's SHA-256 covers. */
export function hashedPart(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(hashedFrom)
}

/**
 * The SHA-256 that the header says, for `openIndex`: of bytes that are known to be right by the hash
 * of the whole file, which covers more, so that they need not be hashed twice.
 */
export function sealOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(hashOffset, hashedFrom)
}

/**
 * Opens an index. `sha256` is the hash of `hashedPart(bytes)`, made by the caller since core has no
 * cryptography. Throws IndexError for anything that is not a whole index of this version.
 */
export function openIndex(bytes: Uint8Array, sha256: Uint8Array): BlobIndex {
  const whole = alignedIndex(bytes)
  checkHeader(whole, sha256)
  const { generation, blobs, setBytes, high, low, sizes, sets, ...rest } = indexColumns(whole)
  const mirrors = readMirrors(rest.text)
  if (mirrors.length !== rest.mirrorCount) {
    throw new IndexError(`wanted ${rest.mirrorCount} mirrors in the index, got ${mirrors.length}`)
  }

  return {
    generation,
    blobs,
    mirrors,
    find: createRowSearch(high, low),
    sizeBytes: (row) => sizes[row]!,
    holds: (row, mirror) => (sets[row * setBytes + (mirror >> 3)]! & (1 << (mirror & 7))) !== 0,
    hexAt: (row) => hexOfWord(high[row]!) + hexOfWord(low[row]!),
  }
}

/** The parts of an index's bytes, as views over them. */
export type IndexColumns = {
  readonly generation: number
  readonly blobs: number
  readonly mirrorCount: number
  /** The mirrors as JSON, without the padding. */
  readonly text: Uint8Array
  /** Where the columns begin. */
  readonly start: number
  /** The length of one row's bit set. */
  readonly setBytes: number
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly sizes: Float64Array
  readonly sets: Uint8Array
}

/** The same bytes where they begin at a multiple of eight in their memory, or a copy that does. */
export function alignedIndex(bytes: Uint8Array): Uint8Array {
  // Columns are views, so they must start on their own width, whatever buffer the bytes came in.
  // Not `bytes.slice()`: a Node Buffer's slice is the same memory at the same place.
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
}

/**
 * Takes an aligned index apart. Throws IndexError where its length is not the one that its own counts
 * make; that it is an index at all is for `openIndex` to check.
 */
export function indexColumns(whole: Uint8Array): IndexColumns {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.length)
  const blobs = view.getUint32(56, true)
  const mirrorCount = view.getUint32(60, true)
  const textBytes = view.getUint32(64, true)
  const start = indexHeaderBytes + padded(textBytes)
  const setBytes = Math.ceil(mirrorCount / 8)
  const wanted = start + blobs * (16 + setBytes)
  if (whole.length !== wanted) {
    throw new IndexError(`wanted ${wanted} bytes by the index's own counts, got ${whole.length}`)
  }
  const column = whole.byteOffset + start
  return {
    generation: view.getFloat64(48, true),
    blobs,
    mirrorCount,
    text: whole.subarray(indexHeaderBytes, indexHeaderBytes + textBytes),
    start,
    setBytes,
    high: new Uint32Array(whole.buffer, column, blobs),
    low: new Uint32Array(whole.buffer, column + 4 * blobs, blobs),
    sizes: new Float64Array(whole.buffer, column + 8 * blobs, blobs),
    sets: whole.subarray(start + 16 * blobs),
  }
}

function hexOfWord(word: number): string {
  return word.toString(16).padStart(8, '0')
}

/** A length rounded up to a multiple of eight. */
export function padded(bytes: number): number {
  return (bytes + 7) & ~7
}

function checkHeader(bytes: Uint8Array, sha256: Uint8Array): void {
  if (bytes.length < indexHeaderBytes) {
    throw new IndexError(
      `wanted an index of ${indexHeaderBytes} bytes or more, got ${bytes.length}`,
    )
  }
  const magic = String.fromCharCode(...bytes.subarray(0, 8))
  if (magic !== indexMagic) {
    throw new IndexError(
      `wanted an index that begins with ${indexMagic}, got ${JSON.stringify(magic)}`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint32(8, true)
  if (version !== indexVersion) {
    throw new IndexError(`wanted an index of version ${indexVersion}, got version ${version}`)
  }
  // Outside the hash, and nothing yet: what a later version puts there must not be read as this
  // one.
  if (view.getUint32(12, true) !== 0) {
    throw new IndexError(`wanted zero after the index's version, got ${view.getUint32(12, true)}`)
  }
  if (sha256.length !== 32 || !sha256.every((byte, at) => bytes[hashOffset + at] === byte)) {
    throw new IndexError('the index is damaged: its SHA-256 is not the one in its header')
  }
}

function readMirrors(text: Uint8Array): readonly IndexedMirror[] {
  let ascii = ''
  for (const byte of text) ascii += String.fromCharCode(byte)
  let json: unknown
  try {
    json = JSON.parse(ascii)
  } catch (cause) {
    throw new IndexError('wanted the mirrors of the index as JSON', { cause })
  }
  if (!Array.isArray(json) || !json.every(isIndexedMirror)) {
    throw new IndexError('wanted an id and a url for each mirror of the index')
  }
  return json
}

function isIndexedMirror(value: unknown): value is IndexedMirror {
  const { id, url } = (value ?? {}) as Partial<Record<keyof IndexedMirror, unknown>>
  return typeof id === 'string' && typeof url === 'string'
}
