/** When a host is taken for dead, and for how long it is left alone. Times in milliseconds. */
export type CircuitSettings = {
  /** Failures in a row that open the circuit. */
  readonly failures: number
  /** The pause before the first probe; it doubles with each that fails. */
  readonly firstPauseMs: number
  readonly longestPauseMs: number
  /** A host that was good for nothing for so long is given up for the rest of the run. */
  readonly giveUpMs: number
}

export const usualCircuit: CircuitSettings = {
  failures: 8,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
  giveUpMs: 300_000,
}

/** One host's circuit. It holds no timer: whoever asks it waits as long as it says. */
export type Circuit = {
  /** Why and how long requests wait; Infinity: until the probe that is under way is back. */
  readonly obstacle: () => { readonly why: string; readonly ms: number } | undefined
  /** Notes that a request goes now; whether it is the probe of an open circuit. */
  readonly enter: () => boolean
  /** The host answered. */
  readonly succeeded: () => void
  /** It gave no answer, or said that it is down. Whether this opened the circuit, or again. */
  readonly failed: (why: string, isProbe: boolean) => boolean
  /** It is there, and wants no requests for now. */
  readonly refused: (why: string) => void
  /** A request that was aborted here tells nothing. */
  readonly left: (isProbe: boolean) => void
  /** What to say of a host that is given up; undefined: it is not. */
  readonly givenUp: () => string | undefined
}

/**
 * Creates a circuit that is closed. After so many failures in a row it opens: one request at a time
 * goes, to see whether the host is back, after pauses that double. It counts tries and not
 * requests, since hundreds of workers with four tries each would be a thousand requests to a host
 * that is down.
 */
export function createCircuit(
  settings: CircuitSettings,
  now: () => number,
  random: () => number,
): Circuit {
  let failuresInARow = 0
  // Since when the host was good for nothing, and how many failures and refusals there were.
  let badSinceMs: number | undefined
  let bad = 0
  let last = ''
  let open: { readonly pauses: number; readonly probeMs: number; isProbing: boolean } | undefined
  let isGivenUp = false

  return {
    obstacle() {
      if (open === undefined) return undefined
      const ms = open.isProbing ? Infinity : Math.ceil(open.probeMs - now())
      return ms > 0 ? { why: spell(), ms } : undefined
    },
    enter() {
      if (open === undefined) return false
      open.isProbing = true
      return true
    },
    succeeded() {
      failuresInARow = 0
      badSinceMs = undefined
      bad = 0
      open = undefined
    },
    failed(why, isProbe) {
      failuresInARow++
      note(why)
      // What was under way when it opened is no further news.
      const opens = open === undefined ? failuresInARow >= settings.failures : isProbe
      if (opens) openFor(open?.pauses ?? 0)
      return opens
    },
    refused(why) {
      failuresInARow = 0
      open = undefined
      note(why)
    },
    left(isProbe) {
      if (isProbe && open !== undefined) open.isProbing = false
    },
    givenUp: () => (isGivenUp ? spell() : undefined),
  }

  function spell(): string {
    return `${bad} failures in a row, last: ${last}`
  }

  function note(why: string): void {
    last = why
    bad++
    badSinceMs ??= now()
    isGivenUp ||= bad > settings.failures && now() - badSinceMs >= settings.giveUpMs
  }

  function openFor(pauses: number): void {
    const doubledMs = Math.min(settings.longestPauseMs, settings.firstPauseMs * 2 ** pauses)
    // Jittered, so that runs that lost a host together do not come back together.
    const probeMs = now() + doubledMs * (0.5 + random() / 2)
    open = { pauses: pauses + 1, probeMs, isProbing: false }
  }
}
