import type { Digest } from './digest.ts'
import { DigestTable, grown } from './digest-table.ts'

/** A Map from digests to numbers, as far as sync uses one, in a third of the memory. */
export class DigestMap {
  readonly #digests = new DigestTable()
  #values = new Float64Array(64)

  get size(): number {
    return this.#digests.size
  }

  has(digest: Digest): boolean {
    return this.#digests.find(digest) >= 0
  }

  get(digest: Digest): number | undefined {
    const row = this.#digests.find(digest)
    return row < 0 ? undefined : this.#values[row]
  }

  set(digest: Digest, value: number): this {
    const row = this.#digests.add(digest)
    if (row >= this.#values.length) this.#values = grown(this.#values)
    this.#values[row] = value
    return this
  }

  /** The digest that was the nth to be set. */
  at(n: number): Digest {
    return this.#digests.at(n)
  }

  /** In the order they were first set. */
  *keys(): IterableIterator<Digest> {
    for (let row = 0; row < this.size; row++) yield this.#digests.at(row)
  }

  *values(): IterableIterator<number> {
    for (let row = 0; row < this.size; row++) yield this.#values[row]!
  }

  *[Symbol.iterator](): IterableIterator<[Digest, number]> {
    for (let row = 0; row < this.size; row++) yield [this.#digests.at(row), this.#values[row]!]
  }
}
