/** So many a second, and no more than a burst at once. Times in milliseconds. */
export type TokenBucket = {
  /** How long until `count` may be spent; 0: now. */
  readonly waitMs: (count: number) => number
  /** Spends them, also such as are not there: what comes later waits for them. */
  readonly spend: (count: number) => void
}

export type TokenBucketSettings = {
  readonly perSecond: number
  readonly burst: number
  readonly now: () => number
}

/** Creates a token bucket that is full. */
export function createTokenBucket({ perSecond, burst, now }: TokenBucketSettings): TokenBucket {
  let level = burst
  let filledMs = now()
  const fill = () => {
    const nowMs = now()
    // A clock that is set back fills nothing.
    level = Math.min(burst, level + (Math.max(0, nowMs - filledMs) / 1000) * perSecond)
    filledMs = nowMs
  }
  return {
    waitMs(count) {
      fill()
      return Math.max(0, Math.ceil(((count - level) / perSecond) * 1000))
    },
    spend(count) {
      fill()
      level -= count
    },
  }
}
