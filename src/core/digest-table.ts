import type { Digest } from './digest.ts'

/**
 * Digests, numbered in the order they came: what belongs to them is kept in columns by that number.
 * 32 bytes each and 5 to 11 for finding them, where a Map of strings takes 150: a run holds millions.
 */
export class DigestTable {
  #words = new Uint32Array(wordsEach * 64)
  /** Rows plus one, by hash; a power of two of them. */
  #slots = new Uint32Array(128)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The row of a digest, or -1. */
  find(digest: Digest): number {
    return this.#slots[this.#slotOf(digest)]! - 1
  }

  /** The row of a digest, a new one where it is not there yet. */
  add(digest: Digest): number {
    const slot = this.#slotOf(digest)
    const known = this.#slots[slot]!
    if (known > 0) return known - 1
    const row = this.#size++
    if (this.#size * wordsEach > this.#words.length) this.#words = grown(this.#words)
    this.#words.set(scratch, row * wordsEach)
    this.#slots[slot] = this.#size
    if (this.#size * 3 > this.#slots.length * 2) this.#rehash()
    return row
  }

  /** The digest in a row. */
  at(row: number): Digest {
    let text = 'sha256:'
    for (let word = row * wordsEach; word < (row + 1) * wordsEach; word++) {
      text += this.#words[word]!.toString(16).padStart(8, '0')
    }
    return text as Digest
  }

  /** The slot where a digest is, or where it belongs. Leaves its words in `scratch`. */
  #slotOf(digest: Digest): number {
    readWords(digest)
    const mask = this.#slots.length - 1
    let slot = scratch[0]! & mask
    for (;;) {
      const row = this.#slots[slot]! - 1
      if (row < 0 || this.#holdsScratch(row * wordsEach)) return slot
      slot = (slot + 1) & mask
    }
  }

  #holdsScratch(offset: number): boolean {
    for (let word = 0; word < wordsEach; word++) {
      if (this.#words[offset + word] !== scratch[word]) return false
    }
    return true
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let row = 0; row < this.#size; row++) {
      let slot = this.#words[row * wordsEach]! & mask
      while (slots[slot]! > 0) slot = (slot + 1) & mask
      slots[slot] = row + 1
    }
    this.#slots = slots
  }
}

/** A column of twice the length, the same at its beginning. */
export function grown<T extends Uint32Array | Float64Array | Uint8Array>(column: T): T {
  const Column = column.constructor as new (length: number) => T
  const longer = new Column(column.length * 2)
  longer.set(column)
  return longer
}

const wordsEach = 8
const scratch = new Uint32Array(wordsEach)

/** Takes a digest apart without making strings of its pieces. */
function readWords(digest: Digest): void {
  let at = 7
  for (let word = 0; word < wordsEach; word++) {
    let value = 0
    for (const end = at + 8; at < end; at++) {
      const code = digest.charCodeAt(at)
      value = (value << 4) | (code < 58 ? code - 48 : code - 87)
    }
    scratch[word] = value
  }
}
