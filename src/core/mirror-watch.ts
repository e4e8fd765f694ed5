/** What came of asking a mirror for a blob; `slow`: it began to give it, later than it should. */
export type WatchOutcome = 'good' | 'slow' | 'failed'

/**
 * When a mirror is out, and when it is back. All are counts of times that it was asked, and none is
 * above the window.
 */
export type WatchTerms = {
  /** So many failures in a row put it out. */
  readonly failures: number
  /** So many good answers in a row bring it back. */
  readonly successes: number
  /** How many times are looked back on for grey failures. */
  readonly window: number
  /** It is out, too, where this share of a window failed or was slow. */
  readonly greyShare: number
}

/** What is known of one mirror by asking it. */
export type MirrorWatch = {
  /** What came of asking it since it was last out or back, oldest first, a window at most. */
  readonly recent: readonly WatchOutcome[]
  /** Since when clients are not sent there, in milliseconds since 1970; undefined: they are. */
  readonly out: { readonly sinceMs: number; readonly why: OutReason } | undefined
  /** How often in a row it was put out before it had been back for a window. */
  readonly timesOut: number
}

export type OutReason = 'failed' | 'grey'

/** A mirror that nobody has asked yet. */
export const unwatched: MirrorWatch = { recent: [], out: undefined, timesOut: 0 }

/**
 * What is known of the mirrors after each was asked at the same time, by their ids; undefined: there
 * was nothing to ask one for, or what came said nothing. Where every one failed and the upstream does
 * not answer either, it is our own network that is gone: nothing of it counts, and clients, whose
 * network is another, stay where they are.
 */
export function hearRound(
  watches: ReadonlyMap<string, MirrorWatch>,
  outcomes: ReadonlyMap<string, WatchOutcome | undefined>,
  isUpstreamWell: boolean,
  nowMs: number,
  terms: WatchTerms,
): ReadonlyMap<string, MirrorWatch> {
  if (hasEveryoneFailed(outcomes) && !isUpstreamWell) return watches
  return new Map(
    Array.from(watches, ([id, watch]) => {
      const outcome = outcomes.get(id)
      return [id, outcome === undefined ? watch : hearOutcome(watch, outcome, nowMs, terms)]
    }),
  )
}

/** Whether of the mirrors that were asked none gave what was asked for, so that the upstream must be. */
export function hasEveryoneFailed(
  outcomes: ReadonlyMap<string, WatchOutcome | undefined>,
): boolean {
  const known = [...outcomes.values()].filter((outcome) => outcome !== undefined)
  return known.length > 0 && known.every((outcome) => outcome === 'failed')
}

/** What is known of a mirror after one more answer, or the want of one. */
export function hearOutcome(
  watch: MirrorWatch,
  outcome: WatchOutcome,
  nowMs: number,
  terms: WatchTerms,
): MirrorWatch {
  const recent = [...watch.recent, outcome].slice(-terms.window)
  if (watch.out !== undefined) {
    const isBack = endsIn(recent, 'good', wantedSuccesses(watch, terms))
    return isBack ? { ...watch, recent: [], out: undefined } : { ...watch, recent }
  }

  const why = whyOut(recent, terms)
  if (why === undefined) return { ...watch, recent }
  // Who was well for a whole window begins anew.
  const before = watch.recent.length < terms.window ? watch.timesOut : 0
  return { recent: [], out: { sinceMs: nowMs, why }, timesOut: before + 1 }
}

function whyOut(recent: readonly WatchOutcome[], terms: WatchTerms): OutReason | undefined {
  if (endsIn(recent, 'failed', terms.failures)) return 'failed'
  const bad = recent.filter((outcome) => outcome !== 'good').length
  return bad >= Math.ceil(terms.greyShare * terms.window) ? 'grey' : undefined
}

/**
 * Twice as many each time that it is put out again soon: one that fails now and then has its few
 * good answers in a row before long, and would be back most of the time.
 */
function wantedSuccesses({ timesOut }: MirrorWatch, { successes, window }: WatchTerms): number {
  return Math.min(successes * 2 ** (timesOut - 1), window)
}

function endsIn(recent: readonly WatchOutcome[], outcome: WatchOutcome, count: number): boolean {
  return recent.length >= count && recent.slice(-count).every((each) => each === outcome)
}
