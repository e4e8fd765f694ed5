import type { Digest } from '../../core/digest.ts'
import type { MirrorBackEvent, MirrorOutEvent, RequestEvent } from '../../core/event.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { MirrorWatch, OutReason, WatchOutcome, WatchTerms } from '../../core/mirror-watch.ts'
import { hasEveryoneFailed, hearRound, unwatched } from '../../core/mirror-watch.ts'
import type { Outcome, QuestionDeps } from './question.ts'
import { askWhetherItServes, createWatched } from './question.ts'

/** Asks the mirrors, again and again, whether they serve. */
export type MirrorWatcher = {
  /** To be told of every request that was answered with a mirror. */
  readonly hear: (event: Pick<RequestEvent, 'mirror' | 'reference'>) => void
  /** Asks every mirror once. Never rejects. */
  readonly look: () => Promise<void>
  /** How often each mirror was asked since the start, by what came of it. */
  readonly counts: () => ReadonlyMap<string, WatchCounts>
  /** The mirrors that are out, as they were told of. */
  readonly out: () => readonly MirrorOutEvent[]
  /** What was learnt, for a watcher that takes the place of this one. */
  readonly learnt: () => Learnt
}

/** By the address that clients are sent to: what was learnt of it stays true under another name. */
export type Learnt = ReadonlyMap<string, LearntOfMirror>
type LearntOfMirror = { readonly watch: MirrorWatch; readonly told: MirrorOutEvent | undefined }

export type WatchCounts = Readonly<Record<WatchOutcome, number>>

export type MirrorWatcherDeps = QuestionDeps & {
  readonly mirrors: readonly Mirror[]
  readonly terms: WatchTerms
  /**
   * Whether what clients are sent for is known to be there. Where it is assumed, whoever makes up
   * digests must not put a mirror out: a blob counts only once the mirror has given it.
   */
  readonly isPresenceKnown: boolean
  /** Whether an upstream answers; asked only where every mirror failed. */
  readonly isUpstreamWell: () => Promise<boolean>
  /** To be told which mirrors are out, each time that it changes. */
  readonly setOut: (mirrors: ReadonlySet<Mirror>) => void
  readonly record: (event: MirrorOutEvent | MirrorBackEvent) => void
  /** What a watcher before this one learnt; default: there was none. */
  readonly before?: Learnt | undefined
}

/** Makes the watcher of some mirrors. */
export function createMirrorWatcher(deps: MirrorWatcherDeps): MirrorWatcher {
  const watched = new Map(deps.mirrors.map((mirror) => [mirror.id, createWatched(mirror)]))
  const knownOf = ({ publicUrl }: Mirror) => deps.before?.get(publicUrl)
  let watches: ReadonlyMap<string, MirrorWatch> = new Map(
    deps.mirrors.map((mirror) => [mirror.id, knownOf(mirror)?.watch ?? unwatched]),
  )
  const told = new Map<string, MirrorOutEvent>()
  for (const mirror of deps.mirrors) {
    const event = knownOf(mirror)?.told
    if (event !== undefined) told.set(mirror.id, { ...event, mirror: mirror.id })
  }
  const tellWhoIsOut = () =>
    deps.setOut(new Set(deps.mirrors.filter(({ id }) => watches.get(id)!.out !== undefined)))
  tellWhoIsOut()

  return {
    hear({ mirror = '', reference = '' }) {
      const of = watched.get(mirror)
      if (of !== undefined) (deps.isPresenceKnown ? of.held : of.assumed).add(reference as Digest)
    },
    async look() {
      const asked = await Promise.all(
        Array.from(
          watched.values(),
          async (each) => [each, await askWhetherItServes(each, deps)] as const,
        ),
      )
      const outcomes = new Map(asked.map(([{ mirror }, answer]) => [mirror.id, answer?.outcome]))
      const isUpstreamWell = !hasEveryoneFailed(outcomes) || (await deps.isUpstreamWell())
      const before = watches
      watches = hearRound(before, outcomes, isUpstreamWell, deps.now(), deps.terms)
      for (const [each, answer] of asked) {
        if (answer === undefined) continue
        each.counts[answer.outcome]++
        tell(each.mirror, before, answer)
      }
    },
    counts: () => new Map(Array.from(watched, ([id, { counts }]) => [id, counts])),
    out: () => [...told.values()],
    learnt: () =>
      new Map(
        deps.mirrors.map(({ id, publicUrl }) => [
          publicUrl,
          { watch: watches.get(id)!, told: told.get(id) },
        ]),
      ),
  }

  function tell(mirror: Mirror, before: typeof watches, { problem }: Outcome): void {
    const [was, is] = [before, watches].map((each) => each.get(mirror.id)!.out)
    if (was === is) return
    tellWhoIsOut()
    const event = { timeMs: deps.now(), mirror: mirror.id }
    if (is !== undefined) {
      const why = `${whyText(is.why, deps.terms)}, the last one: ${problem}`
      told.set(mirror.id, { event: 'mirror-out', ...event, why })
      deps.record(told.get(mirror.id)!)
    } else if (was !== undefined) {
      told.delete(mirror.id)
      deps.record({ event: 'mirror-back', ...event, outMs: event.timeMs - was.sinceMs })
    }
  }
}

function whyText(why: OutReason, { failures, window }: WatchTerms): string {
  if (why === 'grey') return `too many of the last ${window} questions failed or took too long`
  return failures === 1 ? 'a question failed' : `${failures} questions in a row failed`
}
