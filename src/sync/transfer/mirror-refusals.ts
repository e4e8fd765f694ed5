import type { Recorder } from '../recorder.ts'

/** Which mirrors take no writes. */
export type MirrorRefusals = {
  readonly accepted: (mirror: string) => void
  readonly refused: (mirror: string) => void
  /** Whether a mirror is left alone for the rest of the run: what it would have been sent is counted. */
  readonly isLeftAlone: (mirror: string) => boolean
  /** Tells of the mirrors that were left alone, and what that came to. */
  readonly report: (recorder: Recorder) => void
}

/** A mirror that refuses so many writes in a row is left alone for the rest of the run. */
const mostRefusals = 5

/** Creates the memory of one run. */
export function createMirrorRefusals(): MirrorRefusals {
  const inARow = new Map<string, number>()
  const notTried = new Map<string, number>()
  return {
    accepted(mirror) {
      // What was under way when it was given up on may still arrive: that changes its mind.
      inARow.delete(mirror)
    },
    refused(mirror) {
      inARow.set(mirror, (inARow.get(mirror) ?? 0) + 1)
    },
    isLeftAlone(mirror) {
      if ((inARow.get(mirror) ?? 0) < mostRefusals) return false
      notTried.set(mirror, (notTried.get(mirror) ?? 0) + 1)
      return true
    },
    report(recorder) {
      for (const [mirror, count] of notTried) {
        recorder.problem(
          mirror,
          `${mostRefusals} writes in a row failed: ${count} more were not tried`,
        )
      }
    },
  }
}
