import { DigestTable, grown } from './digest-table.ts'
import type { Digest } from './digest.ts'

/**
 * The blobs of an index to be, each once, in columns. As objects in a Map, a million blobs of three
 * mirrors took 400 MB more, and publishing them twice the processor time.
 */
export class IndexRows {
  readonly #digests = new DigestTable()
  readonly #setBytes: number
  #sizes = new Float64Array(64)
  #sets: Uint8Array
  #known = 0

  /** `mirrors`: how many there are that may hold a blob. */
  constructor(mirrors: number) {
    this.#setBytes = Math.ceil(mirrors / 8)
    this.#sets = new Uint8Array(64 * this.#setBytes)
  }

  /** The row of a blob, a new one that no mirror holds where it is not there yet. */
  rowOf(digest: Digest): number {
    const row = this.#digests.add(digest)
    if (row >= this.#sizes.length) {
      this.#sizes = grown(this.#sizes)
      this.#sets = grown(this.#sets)
    }
    if (this.#digests.size > this.#known) this.#sizes[row] = leftOut
    this.#known = this.#digests.size
    return row
  }

  /** The size in bytes of the blob in a row; undefined: it is in no index yet. */
  sizeBytes(row: number): number | undefined {
    return this.#sizes[row] === leftOut ? undefined : this.#sizes[row]
  }

  /** Says how large the blob in a row is, and which mirror holds it, by its place among them. */
  hold(row: number, sizeBytes: number, mirror?: number): void {
    this.#sizes[row] = sizeBytes
    if (mirror === undefined) return
    this.#sets[row * this.#setBytes + (mirror >> 3)]! |= 1 << (mirror & 7)
  }

  /** Leaves out the blob in a row. */
  leaveOut(row: number): void {
    this.#sizes[row] = leftOut
  }

  /**
   * The columns of an index, one after the other as its file has them (blob-index.ts). Two different
   * blobs that agree in their first eight bytes are both left out: their clients go to the upstream,
   * which is always right.
   */
  columns(): IndexBody {
    const order = this.#sorted()
    const blobs = order.length
    const bytes = new Uint8Array(blobs * (16 + this.#setBytes))
    const words = new Uint32Array(bytes.buffer, 0, 2 * blobs)
    const sizes = new Float64Array(bytes.buffer, 8 * blobs, blobs)
    const sets = 16 * blobs
    for (let at = 0; at < blobs; at++) {
      const row = order[at]!
      words[at] = this.#digests.wordAt(row, 0)
      words[blobs + at] = this.#digests.wordAt(row, 1)
      sizes[at] = this.#sizes[row]!
      for (let byte = 0; byte < this.#setBytes; byte++) {
        bytes[sets + at * this.#setBytes + byte] = this.#sets[row * this.#setBytes + byte]!
      }
    }
    return { blobs, bytes }
  }

  /** Rows by their first eight bytes, without those that an index could not tell apart. */
  #sorted(): Uint32Array {
    const { size } = this.#digests
    const high = Uint32Array.from({ length: size }, (_, row) => this.#digests.wordAt(row, 0))
    const low = Uint32Array.from({ length: size }, (_, row) => this.#digests.wordAt(row, 1))
    const order = Uint32Array.from({ length: size }, (_, row) => row)
    order.sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]!)
    const isSame = (row: number, other: number | undefined) =>
      other !== undefined && high[row] === high[other] && low[row] === low[other]
    return order.filter(
      (row, at) =>
        this.#sizes[row] !== leftOut && !isSame(row, order[at - 1]) && !isSame(row, order[at + 1]),
    )
  }
}

/** The columns of an index, and how many rows they have. */
export type IndexBody = { readonly blobs: number; readonly bytes: Uint8Array }

/** The size of a blob that is in no index. */
const leftOut = -1
