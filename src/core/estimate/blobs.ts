/** So many places can be told apart: the clouds have published fewer than 170. */
export const mostPlaces = 192

const wordsEach = mostPlaces / 32

/** What some of the blobs come to. `sized` and `bytes` are of those whose size is known. */
export type BlobSum = { readonly blobs: number; readonly sized: number; readonly bytes: number }

/**
 * Blobs by the first eight bytes of their digests, with their size and the set of the places that
 * pulled them: 44 bytes each, in columns made at once for `most` of them, for which the system gives
 * memory as they are written to.
 *
 * Where it is full, `halve` forgets those whose digest is in the upper half of what is still kept.
 * Digests are uniform, so that what stays is a fair sample of a known share, whatever comes.
 */
export class BlobSample {
  readonly #most: number
  readonly #highs: Uint32Array
  readonly #lows: Uint32Array
  /** In bytes; 0: not known. */
  readonly #sizes: Float64Array
  readonly #places: Uint32Array
  /** Rows plus one, by digest; a power of two of them. */
  readonly #slots: Uint32Array
  #size = 0
  /** Digests whose first four bytes are below it are kept. */
  #below = 2 ** 32

  constructor(most: number) {
    this.#most = most
    this.#highs = new Uint32Array(most)
    this.#lows = new Uint32Array(most)
    this.#sizes = new Float64Array(most)
    this.#places = new Uint32Array(most * wordsEach)
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(most * 2)))
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size === this.#most
  }

  /** The share of all blobs that are kept: 1, ½, ¼, … */
  get keptShare(): number {
    return this.#below / 2 ** 32
  }

  /** Whether a blob belongs to the sample. */
  keeps(high: number): boolean {
    return high < this.#below
  }

  /** The row of a blob, or -1. */
  find(high: number, low: number): number {
    return this.#slots[this.#slotOf(high, low)]! - 1
  }

  /** Makes a row for a blob that has none; there must be room. */
  add(high: number, low: number): number {
    const row = this.#size++
    this.#highs[row] = high
    this.#lows[row] = low
    this.#slots[this.#slotOf(high, low)] = row + 1
    return row
  }

  sizeAt(row: number): number {
    return this.#sizes[row]!
  }

  /** Says how large a blob is at the least: a read that broke off is smaller than the whole. */
  growTo(row: number, bytes: number): void {
    if (bytes > this.#sizes[row]!) this.#sizes[row] = bytes
  }

  /** Says that a place pulled a blob. */
  pulledBy(row: number, place: number): void {
    this.#places[row * wordsEach + (place >>> 5)]! |= 1 << (place & 31)
  }

  /**
   * Forgets half of what is kept. Gives the new row of every row, -1 for those that are gone, or
   * undefined where no more can be told apart: then somebody made digests up.
   */
  halve(): Int32Array | undefined {
    if (this.#below === 1) return undefined
    this.#below /= 2
    const moved = new Int32Array(this.#size).fill(-1)
    let kept = 0
    for (let row = 0; row < this.#size; row++) {
      if (this.#highs[row]! < this.#below) moved[row] = this.#move(row, kept++)
    }
    this.#places.fill(0, kept * wordsEach, this.#size * wordsEach)
    this.#sizes.fill(0, kept, this.#size)
    this.#slots.fill(0)
    this.#size = 0
    for (let row = 0; row < kept; row++) this.add(this.#highs[row]!, this.#lows[row]!)
    return moved
  }

  /**
   * What the blobs come to that any of these places pulled. Of every `step` rows one is looked at, and
   * counts for all of them; what was forgotten is not in it.
   */
  sum(places: Iterable<number>, step = 1): BlobSum {
    const mask = new Uint32Array(wordsEach)
    for (const place of places) mask[place >>> 5]! |= 1 << (place & 31)
    let [blobs, sized, bytes] = [0, 0, 0]
    for (let row = 0; row < this.#size; row += step) {
      if (!this.#isPulledBy(row, mask)) continue
      blobs++
      const size = this.#sizes[row]!
      if (size > 0) sized++
      bytes += size
    }
    return { blobs: blobs * step, sized: sized * step, bytes: bytes * step }
  }

  #isPulledBy(row: number, mask: Uint32Array): boolean {
    for (let word = 0; word < wordsEach; word++) {
      if ((this.#places[row * wordsEach + word]! & mask[word]!) !== 0) return true
    }
    return false
  }

  #move(from: number, to: number): number {
    this.#highs[to] = this.#highs[from]!
    this.#lows[to] = this.#lows[from]!
    this.#sizes[to] = this.#sizes[from]!
    this.#places.copyWithin(to * wordsEach, from * wordsEach, (from + 1) * wordsEach)
    return to
  }

  /** The slot where a blob is, or where it belongs. */
  #slotOf(high: number, low: number): number {
    const mask = this.#slots.length - 1
    // The high bits of the first four bytes say whether it is kept, and tell little when few are.
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1
      if (row < 0 || (this.#lows[row] === low && this.#highs[row] === high)) return slot
    }
  }
}
