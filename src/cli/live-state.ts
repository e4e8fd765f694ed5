import type { PlanTotals } from '../core/plan.ts'
import type { SyncEvent } from '../core/sync-event.ts'
import type { Came, InFlight } from './live-in-flight.ts'
import { createInFlight } from './live-in-flight.ts'
import { createRate } from './live-rate.ts'

/** A run at one moment: what a person who watches it wants to know. Sizes are in bytes. */
export type LiveView = {
  readonly repositories: number
  /** How many there are to walk, once that is known. */
  readonly selected: number | undefined
  readonly manifests: number
  /** Of the manifests, those that the ledger had. */
  readonly known: number
  readonly blobs: number
  readonly bytes: number
  /** What there is to do, once that is known. */
  readonly plan: PlanTotals | undefined
  readonly writes: number
  readonly writtenBytes: number
  readonly writtenBytesPerSecond: number
  readonly readBytesPerSecond: number
  readonly inFlight: readonly InFlight[]
  readonly waits: readonly Wait[]
  /** Since the last step of any kind. */
  readonly quietMs: number
  /** Undefined where nothing can be said that would mean something. */
  readonly leftMs: number | undefined
  readonly retries: number
  readonly problems: number
}

export type Wait = { readonly host: string; readonly why: string; readonly leftMs: number }

/** Follows a run by its events. */
export type LiveState = {
  readonly record: (event: SyncEvent) => void
  readonly view: (nowMs: number) => LiveView
}

/** Long enough for blobs that arrive one by one, short enough to show what changes. */
const windowMs = 15_000
/** A guess from less than this is none. */
const guessAfterMs = 5000

/** Creates the state of a run that has not begun. */
export function createLiveState(): LiveState {
  const counts = { repositories: 0, manifests: 0, known: 0, blobs: 0, bytes: 0 }
  const done = { writes: 0, writtenBytes: 0, readBytes: 0, retries: 0, problems: 0 }
  const rates = {
    writes: createRate(windowMs),
    written: createRate(windowMs),
    read: createRate(windowMs),
  }
  const flights = createInFlight()
  const waits = new Map<string, { readonly why: string; readonly untilMs: number }>()
  let selected: number | undefined
  let plan: PlanTotals | undefined
  let plannedMs = 0
  let latestMs: number | undefined

  return { record, view }

  function record(event: SyncEvent): void {
    latestMs = event.timeMs
    switch (event.step) {
      case 'selected':
        selected = event.repositories
        break
      case 'walked':
        counts.repositories++
        counts.manifests += event.manifests
        counts.known += event.known ?? 0
        counts.blobs += event.blobs
        counts.bytes += event.bytes
        break
      case 'planned':
        plan = event
        plannedMs = event.timeMs
        break
      case 'reading':
        flights.begin(event.digest, event.sizeBytes, event.timeMs)
        break
      case 'progress':
        addRead(flights.advance(event.digest, event.bytes, event.timeMs), event.timeMs)
        break
      case 'written':
        done.writes++
        done.writtenBytes += event.sizeBytes
        rates.writes.add(1, event.timeMs, event.durationMs)
        rates.written.add(event.sizeBytes, event.timeMs, event.durationMs)
        endFlight(event)
        break
      case 'retried':
        done.retries++
        break
      case 'waiting':
        waits.set(event.host, { why: event.why, untilMs: event.timeMs + event.ms })
        break
      case 'problem':
        done.problems++
        flights.endNamed(event.subject)
        break
      case 'chosen':
      case 'skipped':
      case 'ledger':
      case 'claimed':
      case 'canary':
      case 'listed':
      case 'cleared':
      case 'withheld':
      case 'shard-ended':
      case 'condemned':
      case 'deleted':
      case 'pinned':
      case 'published':
        break
    }
  }

  /** The first mirror that has a blob has it from the upstream; the others may have it from there. */
  function endFlight({ digest, from, timeMs }: Extract<SyncEvent, { step: 'written' }>): void {
    const came = flights.end(digest, timeMs)
    if (from === 'upstream') addRead(came, timeMs)
  }

  function addRead(came: Came | undefined, timeMs: number): void {
    if (came === undefined) return
    done.readBytes += came.bytes
    rates.read.add(came.bytes, timeMs, came.tookMs)
  }

  function view(nowMs: number): LiveView {
    for (const [host, { untilMs }] of waits) if (untilMs <= nowMs) waits.delete(host)
    return {
      ...counts,
      blobs: plan?.wantedBlobs ?? counts.blobs,
      bytes: plan?.wantedBytes ?? counts.bytes,
      selected,
      plan,
      writes: done.writes,
      writtenBytes: done.writtenBytes,
      writtenBytesPerSecond: rates.written.perSecond(nowMs),
      readBytesPerSecond: rates.read.perSecond(nowMs),
      inFlight: flights.list(nowMs),
      waits: [...waits].map(([host, { why, untilMs }]) => ({ host, why, leftMs: untilMs - nowMs })),
      quietMs: latestMs === undefined ? 0 : nowMs - latestMs,
      leftMs: leftMs(nowMs),
      retries: done.retries,
      problems: done.problems,
    }
  }

  /** The longest of what is left to read, to write, and of single writes, at the recent rates. */
  function leftMs(nowMs: number): number | undefined {
    if (plan === undefined || nowMs - plannedMs < guessAfterMs) return undefined
    const guesses = [
      [plan.upstreamBytes - done.readBytes, rates.read],
      [plan.writtenBytes - done.writtenBytes, rates.written],
      [plan.writes - done.writes, rates.writes],
    ] as const
    const seconds = guesses
      .map(([left, rate]) => left / rate.perSecond(nowMs))
      .filter((each) => Number.isFinite(each))
    const longest = Math.max(0, ...seconds) * 1000
    return longest < 1000 || plan.writes === done.writes ? undefined : longest
  }
}
