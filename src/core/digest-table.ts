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
  /** The row that was found last. */
  #last = -1

  get size(): number {
    return this.#size
  }

  /** The row of a digest, or -1. */
  find(digest: Digest): number {
    readWords(digest)
    if (this.#isNext()) return ++this.#last
    const row = this.#slots[this.#slotOfScratch()]! - 1
    if (row >= 0) this.#last = row
    return row
  }

  /** The row of a digest, a new one where it is not there yet. */
  add(digest: Digest): number {
    readWords(digest)
    if (this.#isNext()) return ++this.#last
    const slot = this.#slotOfScratch()
    const known = this.#slots[slot]!
    if (known > 0) return (this.#last = known - 1)
    const row = this.#size++
    if (this.#size * wordsEach > this.#words.length) this.#words = grown(this.#words)
    this.#words.set(scratch, row * wordsEach)
    this.#slots[slot] = this.#size
    if (this.#size * 3 > this.#slots.length * 2) this.#rehash()
    return row
  }

  /** Four bytes of the digest in a row, the first in the place of `word` 0, big end first in value. */
  wordAt(row: number, word: number): number {
    return this.#words[row * wordsEach + word]!
  }

  /** The digest in a row. */
  at(row: number): Digest {
    let at = textBefore
    for (let word = row * wordsEach; word < (row + 1) * wordsEach; word++) {
      const value = this.#words[word]!
      for (let shift = 28; shift >= 0; shift -= 4) text[at++] = digits[(value >>> shift) & 15]!
    }
    // In one piece: eight words put together as strings took five times as long, most of it when
    // somebody looked into the string; a million rows of three mirrors are gone through at once.
    return String.fromCharCode(...text) as Digest
  }

  /**
   * Whether the row after the last one is the one that is looked for: buckets list the same blobs in the
   * same order, and that row is at hand in the processor's caches where any other is not. It took a third
   * off such looks in a table of 300,000.
   */
  #isNext(): boolean {
    const next = this.#last + 1
    return next < this.#size && this.#holdsScratch(next * wordsEach)
  }

  /** The slot where the digest in `scratch` is, or where it belongs. */
  #slotOfScratch(): number {
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
/** Whose words those are: the same digest is often looked for in one table after the other. */
let scratchOf = ''

/** The characters of the digest that is being made. */
const text = codesOf(`sha256:${'0'.repeat(64)}`)
const textBefore = 'sha256:'.length
const digits = codesOf('0123456789abcdef')

function codesOf(ascii: string): number[] {
  return Array.from(ascii, (each) => each.charCodeAt(0))
}

/** Takes a digest apart without making strings of its pieces. */
function readWords(digest: Digest): void {
  if (digest === scratchOf) return
  scratchOf = digest
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
