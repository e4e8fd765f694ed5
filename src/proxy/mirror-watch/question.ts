import { canaryDigest } from '../../core/canary.ts'
import type { Digest } from '../../core/digest.ts'
import type { BlobLostEvent } from '../../core/event.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { WatchOutcome } from '../../core/mirror-watch.ts'
import type { MirrorAnswer, MirrorAskDeps } from './ask.ts'
import { askMirror } from './ask.ts'
import type { SentBlobs } from './blobs.ts'
import { createSentBlobs } from './blobs.ts'

export type QuestionDeps = MirrorAskDeps & {
  /** Whether a mirror is known to have its canary, as the index names none without. */
  readonly hasCanary: (mirror: Mirror) => boolean
  readonly record: (event: BlobLostEvent) => void
  /** A number from 0 to less than 1. */
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A mirror with what it may be asked for. */
export type Watched = {
  readonly mirror: Mirror
  readonly canary: Digest
  /** Blobs that are there, as far as is known. */
  readonly held: SentBlobs
  /** Blobs that nobody knows to be there. */
  readonly assumed: SentBlobs
  readonly counts: Record<WatchOutcome, number>
  /** It was there once: buckets that others filled have none. */
  hasShownCanary: boolean
}

/** A mirror that nobody was sent to yet. */
export function createWatched(mirror: Mirror): Watched {
  return {
    mirror,
    canary: canaryDigest(mirror.id),
    held: createSentBlobs(),
    assumed: createSentBlobs(),
    counts: { good: 0, slow: 0, failed: 0 },
    hasShownCanary: false,
  }
}

/** What came of asking a mirror whether it serves, and in words. */
export type Outcome = { readonly outcome: WatchOutcome; readonly problem: string }

/**
 * Asks a mirror whether it serves: for one of the blobs that clients were lately sent there for, or
 * for its canary, by chance. An answer that it has no such blob counts only where it says the same of
 * a second one: a blob that is lost must not take all others away from clients. Undefined: what came
 * says nothing of the mirror.
 */
export async function askWhetherItServes(
  watched: Watched,
  deps: QuestionDeps,
): Promise<Outcome | undefined> {
  const { mirror, canary, held, assumed } = watched
  // Nobody is sent there, and we could not ask either.
  if (mirror.signer?.isReady() === false) return undefined

  const guess = pick(assumed.all(), deps.random)
  if (guess !== undefined) {
    assumed.remove(guess)
    const answer = await askFor(guess)
    if (isGiven(answer)) held.add(guess)
    if (answer.kind !== 'missing') return outcomeOf(answer)
  }

  const isCanarySure = watched.hasShownCanary || deps.hasCanary(mirror)
  const blobs = isCanarySure ? [...held.all(), canary] : held.all()
  const first = pick(blobs, deps.random) ?? canary
  const answer = await askFor(first)
  if (answer.kind !== 'missing') return outcomeOf(answer)

  const others = blobs.filter((digest) => digest !== first)
  const second = pick(others, deps.random) ?? (first === canary ? undefined : canary)
  // A canary that may never have been there says nothing by its want.
  if (second === undefined) return isCanarySure ? failed(answer) : undefined
  const other = await askFor(second)
  if (other.kind === 'missing') return others.length > 0 ? failed(answer) : undefined
  if (other.kind !== 'failed') {
    held.remove(first)
    deps.record({ event: 'blob-lost', timeMs: deps.now(), mirror: mirror.id, digest: first })
  }
  return outcomeOf(other)

  async function askFor(digest: Digest): Promise<MirrorAnswer> {
    const got = await askMirror(mirror, digest, deps)
    if (digest === canary && isGiven(got)) watched.hasShownCanary = true
    return got
  }
}

function isGiven({ kind }: MirrorAnswer): boolean {
  return kind === 'good' || kind === 'slow'
}

function outcomeOf({ kind, problem }: MirrorAnswer): Outcome | undefined {
  return kind === 'missing' ? undefined : { outcome: kind, problem }
}

function failed({ problem }: MirrorAnswer): Outcome {
  return { outcome: 'failed', problem: `${problem} for all that it was asked for` }
}

function pick(blobs: readonly Digest[], random: () => number): Digest | undefined {
  return blobs.length === 0 ? undefined : blobs[Math.floor(random() * blobs.length)]
}
