import type { Busiest, Busy } from '../core/busiest.ts'
import { createBusiest, sumBusiest } from '../core/busiest.ts'
import type { RequestEvent } from '../core/event.ts'
import type { TallyMark, TallyRow } from '../core/tally.ts'
import { createTally } from '../core/tally.ts'
import type { Upstream } from '../core/upstream.ts'

/** A stretch of time that ends now. */
export const periods = ['hour', 'day', 'start'] as const
export type Period = (typeof periods)[number]

/** What was counted in a period. */
export type PeriodTraffic = {
  readonly period: Period
  /** How long it really is, in milliseconds: shorter than its name where the service is younger. */
  readonly lengthMs: number
  readonly rows: readonly TallyRow[]
  /** Repositories that blobs were pulled of, the busiest first. */
  readonly repositories: readonly Busy[]
  /** The same of blobs that no mirror near the client holds. */
  readonly notMirrored: readonly Busy[]
}

/**
 * What the service counted since it started, with marks in time, so that the last hour and the last
 * day can be told. Recording a request costs some hundred nanoseconds (`npm run bench -- accounting`),
 * and keeps nothing that grows with traffic.
 */
export type TrafficRecord = {
  readonly record: (event: RequestEvent) => void
  readonly during: (period: Period) => PeriodTraffic
  /** The last day, a quarter of an hour each, the oldest first. */
  readonly quarters: () => readonly Quarter[]
  /** All that was counted. */
  readonly rows: () => readonly TallyRow[]
}

/** What was counted in a quarter of an hour. */
export type Quarter = {
  /** When it ended, in milliseconds since 1970. */
  readonly endMs: number
  readonly rows: readonly TallyRow[]
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** How many repositories are told apart in an hour. */
const mostNames = 256

type Mark = { readonly atMs: number; readonly mark: TallyMark }
/** The names of an hour that is not over, by when it began. */
type Hour = {
  readonly atMs: number
  readonly repositories: Busiest
  readonly notMirrored: Busiest
}
/** The busiest of one that is, or of several. */
type EndedHour = {
  readonly atMs: number
  readonly repositories: readonly Busy[]
  readonly notMirrored: readonly Busy[]
}

/** Creates an empty record. `upstreams` are those of now, longest prefix first. */
export function createTrafficRecord(
  upstreams: () => readonly Upstream[],
  now: () => number,
): TrafficRecord {
  const tally = createTally(upstreams)
  const startMs = now()
  const start: Mark = { atMs: startMs, mark: tally.mark() }
  const fine = createMarks(start, 5 * minuteMs, hourMs)
  const coarse = createMarks(start, 15 * minuteMs, dayMs)
  let current = createHour(startMs)
  let ended: readonly EndedHour[] = []
  let beforeThose: EndedHour | undefined
  let nextMs = startMs + 5 * minuteMs

  return { record, during, quarters, rows: () => tally.rows() }

  function record(event: RequestEvent): void {
    if (event.timeMs >= nextMs) passTime(event.timeMs)
    tally.record(event)
    const { kind, repository, action, reason, bytes } = event
    // Anybody may make up names: only those of blobs that someone was sent to are counted.
    if (kind !== 'blob' || repository === undefined || event.method !== 'GET') return
    if (action !== 'mirror' && action !== 'upstream') return
    const isMissing = reason === 'not-mirrored'
    current.repositories.add(repository, bytes)
    if (isMissing) current.notMirrored.add(repository, bytes)
  }

  function passTime(nowMs: number): void {
    fine.pass(nowMs, tally.mark)
    coarse.pass(nowMs, tally.mark)
    if (nowMs >= current.atMs + hourMs) {
      ended = [...ended, endHour(current)]
      current = createHour(startMs + Math.floor((nowMs - startMs) / hourMs) * hourMs)
    }
    const isOld = (hour: EndedHour) => hour.atMs + hourMs <= nowMs - dayMs
    beforeThose = sumHours([...(beforeThose ? [beforeThose] : []), ...ended.filter(isOld)])
    ended = ended.filter((hour) => !isOld(hour))
    nextMs = startMs + (Math.floor((nowMs - startMs) / (5 * minuteMs)) + 1) * 5 * minuteMs
  }

  function during(period: Period): PeriodTraffic {
    const nowMs = now()
    passTime(nowMs)
    const from = fromOf(period, nowMs)
    // Names are counted by the hour: of the last hour, the one that is not over and the one before.
    const counted = ended.filter((hour) => hour.atMs + hourMs > from.atMs)
    const before = period === 'start' && beforeThose ? [beforeThose] : []
    const names = sumHours([...before, ...counted, endHour(current)])
    return {
      period,
      lengthMs: Math.max(1, nowMs - from.atMs),
      rows: tally.rows(from.mark),
      repositories: names.repositories,
      notMirrored: names.notMirrored,
    }
  }

  function fromOf(period: Period, nowMs: number): Mark {
    if (period === 'start') return start
    return period === 'hour' ? fine.at(nowMs - hourMs) : coarse.at(nowMs - dayMs)
  }

  function quarters(): readonly Quarter[] {
    const nowMs = now()
    passTime(nowMs)
    const marks = coarse.all()
    return marks.map(({ mark }, index) => {
      const next = marks[index + 1]
      return { endMs: next?.atMs ?? nowMs, rows: tally.rows(mark, next?.mark) }
    })
  }
}

function createHour(atMs: number): Hour {
  return { atMs, repositories: createBusiest(mostNames), notMirrored: createBusiest(mostNames) }
}

function endHour({ atMs, repositories, notMirrored }: Hour): EndedHour {
  return {
    atMs,
    repositories: repositories.top(mostNames),
    notMirrored: notMirrored.top(mostNames),
  }
}

function sumHours(hours: readonly EndedHour[]): EndedHour {
  const sum = (pick: (hour: EndedHour) => readonly Busy[]) =>
    sumBusiest(hours.map(pick)).slice(0, mostNames)
  return {
    atMs: hours[0]?.atMs ?? 0,
    repositories: sum((hour) => hour.repositories),
    notMirrored: sum((hour) => hour.notMirrored),
  }
}

/** Marks at even times since the start, for as long as they are needed. */
function createMarks(start: Mark, everyMs: number, keepMs: number) {
  let marks: Mark[] = [start]
  return { pass, at, all: () => marks }

  function pass(nowMs: number, mark: () => TallyMark): void {
    const last = marks.at(-1)!
    const dueMs = start.atMs + Math.floor((nowMs - start.atMs) / everyMs) * everyMs
    if (dueMs <= last.atMs) return
    // Whoever calls first after a mark was due calls before anything else was counted: in between,
    // the counts stood where they stand, and one mark at its begin tells it.
    const reached = mark()
    const firstDueMs = last.atMs + everyMs
    if (firstDueMs < dueMs) marks.push({ atMs: firstDueMs, mark: reached })
    marks.push({ atMs: dueMs, mark: reached })
    const firstNeeded = marks.findLastIndex(({ atMs }) => atMs <= nowMs - keepMs)
    if (firstNeeded > 0) marks = marks.slice(firstNeeded)
  }

  /** Where the counts stood at a moment, or at a mark shortly before it, or at the first there is. */
  function at(atMs: number): Mark {
    const index = marks.findLastIndex((each) => each.atMs <= atMs)
    const found = marks[Math.max(index, 0)]!
    const next = marks[index + 1]
    // Marks lie further apart only where nothing was counted between them.
    const isIdle = index >= 0 && next !== undefined && next.atMs - found.atMs > everyMs
    return isIdle ? { atMs, mark: found.mark } : found
  }
}
