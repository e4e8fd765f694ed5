import type { Digest } from '../../core/digest.ts'
import { DigestTable, grown } from '../../core/digest-table.ts'

/** What the clients of one location pulled of a blob. */
export type BlobPulls = {
  readonly pulls: number
  /** What they read, as far as the lines say. */
  readonly bytes: number
  /** Pulls of which the lines do not say how much was read: the whole blob, each. */
  readonly unsized: number
}

/** Blobs with their pulls, in columns: a busy registry has millions of blobs. */
export class TrafficTable {
  readonly #digests = new DigestTable()
  #pulls = new Float64Array(64)
  #bytes = new Float64Array(64)
  #unsized = new Float64Array(64)

  get size(): number {
    return this.#digests.size
  }

  add(digest: Digest, bytes: number | undefined): void {
    const row = this.#digests.add(digest)
    if (row >= this.#pulls.length) {
      this.#pulls = grown(this.#pulls)
      this.#bytes = grown(this.#bytes)
      this.#unsized = grown(this.#unsized)
    }
    this.#pulls[row]! += 1
    if (bytes === undefined) this.#unsized[row]! += 1
    else this.#bytes[row]! += bytes
  }

  has(digest: Digest): boolean {
    return this.#digests.find(digest) >= 0
  }

  /** The bytes that clients read of a blob of this size. */
  bytesOf(digest: Digest, sizeBytes: number): number {
    const row = this.#digests.find(digest)
    return row < 0 ? 0 : this.#bytes[row]! + this.#unsized[row]! * sizeBytes
  }

  get(digest: Digest): BlobPulls | undefined {
    const row = this.#digests.find(digest)
    if (row < 0) return undefined
    return { pulls: this.#pulls[row]!, bytes: this.#bytes[row]!, unsized: this.#unsized[row]! }
  }

  digests(): Iterable<Digest> {
    const digests = this.#digests
    return (function* all() {
      for (let row = 0; row < digests.size; row++) yield digests.at(row)
    })()
  }
}
