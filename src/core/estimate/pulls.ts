import { mostPlaces } from './blobs.ts'

/**
 * How often each place pulled each blob, of pulls whose size the log does not say: 8 bytes for each
 * pair, made at once for `most` of them. Without it, a region that pulls small images would be
 * reckoned by the mean of all.
 */
export class PullCounts {
  readonly #most: number
  /** Row and place as one number, plus one; 0: free. A power of two of them. */
  readonly #keys: Uint32Array
  readonly #counts: Uint32Array
  /** Where pairs are while they are renumbered: made anew each time, it would gather as garbage. */
  readonly #aside: Uint32Array
  #size = 0

  constructor(most: number) {
    this.#most = most
    const slots = 2 ** Math.ceil(Math.log2(most * 1.25))
    this.#keys = new Uint32Array(slots)
    this.#counts = new Uint32Array(slots)
    this.#aside = new Uint32Array(most * 2)
  }

  /** Counts pulls of the blob in a row by a place. False: there is no room for another pair. */
  add(row: number, place: number, pulls = 1): boolean {
    const key = row * mostPlaces + place + 1
    const slot = this.#slotOf(key)
    if (this.#keys[slot] === 0) {
      if (this.#size === this.#most) return false
      this.#size++
      this.#keys[slot] = key
    }
    this.#counts[slot]! += pulls
    return true
  }

  forEach(visit: (row: number, place: number, pulls: number) => void): void {
    for (let slot = 0; slot < this.#keys.length; slot++) {
      const key = this.#keys[slot]! - 1
      if (key >= 0) visit(Math.floor(key / mostPlaces), key % mostPlaces, this.#counts[slot]!)
    }
  }

  /** Follows the blobs to their new rows, -1 for those that are gone. */
  renumber(moved: Int32Array): void {
    let kept = 0
    for (let slot = 0; slot < this.#keys.length; slot++) {
      const key = this.#keys[slot]! - 1
      const row = key < 0 ? -1 : moved[Math.floor(key / mostPlaces)]!
      if (row < 0) continue
      this.#aside[kept++] = row * mostPlaces + (key % mostPlaces)
      this.#aside[kept++] = this.#counts[slot]!
    }
    this.#keys.fill(0)
    this.#counts.fill(0)
    this.#size = 0
    for (let at = 0; at < kept; at += 2) {
      const pair = this.#aside[at]!
      this.add(Math.floor(pair / mostPlaces), pair % mostPlaces, this.#aside[at + 1])
    }
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1
    // Keys come in runs: multiplied by 2^32 divided by the golden ratio, they are spread (Knuth,
    // The Art of Computer Programming, 6.4).
    let slot = (Math.imul(key, 0x9e37_79b1) >>> 7) & mask
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }
}
