/** Times, kept so that a million of them take no more room than a few. */
export type Histogram = {
  readonly add: (ms: number) => void
  /** The time that this share of all is not above, within 1 %; NaN where there is none. */
  readonly quantileMs: (share: number) => number
  /** The longest, exactly. */
  readonly mostMs: () => number
  readonly count: () => number
  /** Forgets everything. */
  readonly clear: () => void
}

const leastMs = 0.001
/** Each bucket is this much wider than the one before. */
const growth = Math.log(1.01)
// Up to five minutes.
const buckets = Math.ceil(Math.log(300_000 / leastMs) / growth) + 1

export function createHistogram(): Histogram {
  const counts = new Float64Array(buckets)
  let count = 0
  let most = 0
  return {
    add(ms) {
      const at = Math.ceil(Math.log(Math.max(ms, leastMs) / leastMs) / growth)
      counts[Math.min(at, buckets - 1)]! += 1
      count++
      if (ms > most) most = ms
    },
    quantileMs(share) {
      if (count === 0) return NaN
      // A hair less, so that 0.99 of 100 is the 99th and not the 100th.
      const rank = Math.max(Math.ceil(share * count - 1e-9), 1)
      let seen = 0
      const at = counts.findIndex((each) => (seen += each) >= rank)
      // The end of its bucket, which is above all that is in it, but not above the longest.
      return Math.min(leastMs * Math.exp(at * growth), most)
    },
    mostMs: () => (count === 0 ? NaN : most),
    count: () => count,
    clear() {
      counts.fill(0)
      count = 0
      most = 0
    },
  }
}
