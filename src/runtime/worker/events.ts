import type { ServiceEvent } from '../../core/event.ts'
import type { WorkerEnv } from './env.ts'

export type WorkerEventDeps = {
  readonly env: Pick<WorkerEnv, 'EVENTS' | 'EVENTS_SHARE' | 'LOG_SHARE'>
  /** Writes a line to the Worker's log. */
  readonly log: (line: string) => void
  /** A number from 0 to less than 1. */
  readonly random: () => number
}

/**
 * Makes the sink of events: a JSON line in the log and a data point each, of requests the configured
 * shares. Whatever is no request is always told. It never throws: an answer is worth more than its
 * record.
 */
export function createWorkerRecord({
  env,
  log,
  random,
}: WorkerEventDeps): (event: ServiceEvent) => void {
  const logShare = shareOf(env.LOG_SHARE)
  const eventsShare = shareOf(env.EVENTS_SHARE)
  const isChosen = (event: ServiceEvent, share: number) =>
    event.event !== 'request' || share === 1 || random() < share

  return (event) => {
    try {
      if (isChosen(event, logShare)) log(JSON.stringify(event))
      if (env.EVENTS !== undefined && isChosen(event, eventsShare)) {
        env.EVENTS.writeDataPoint(pointOf(event, event.event === 'request' ? 1 / eventsShare : 1))
      }
    } catch (error) {
      log(JSON.stringify({ event: 'event-lost', problem: String(error) }))
    }
  }
}

/** A share that is none is all: nothing may be lost by a slip of the pen. */
function shareOf(value: string | number | undefined): number {
  const share = Number(value === '' ? undefined : value)
  return share >= 0 && share <= 1 ? share : 1
}

/** A data point as Analytics Engine takes it. */
export type Point = {
  readonly indexes: [string]
  readonly blobs: string[]
  readonly doubles: number[]
}

/** Analytics Engine takes an index of so many bytes. */
const longestIndex = 96
/** All texts of a point together may have some thousand bytes. */
const longestText = 300

/**
 * An event as a data point. docs/workers.md has its columns, whose places never change: what is asked
 * later reads points of years. `weight` is how many events it stands for.
 */
export function pointOf(event: ServiceEvent, weight: number): Point {
  const known: Known = event
  const error = known.error ?? known.problems?.join('; ') ?? known.detail
  const texts = [
    event.event,
    known.kind,
    known.method,
    known.repository,
    known.reference,
    known.cloud,
    known.region,
    known.action ?? known.outcome,
    known.reason,
    known.mirror ?? known.upstream,
    error,
  ]
  return {
    indexes: [(known.repository ?? event.event).slice(0, longestIndex)],
    blobs: texts.map((text) => (text ?? '').slice(0, longestText)),
    doubles: [
      weight,
      known.status ?? 0,
      known.bytes ?? 0,
      known.bytes === undefined ? 0 : 1,
      known.sizeBytes ?? 0,
      known.durationMs ?? 0,
      known.generation ?? 0,
      known.blobs ?? 0,
    ],
  }
}

/** Whatever any event has, of which this one may have a part. */
type Known = {
  readonly [Key in KeysOf<ServiceEvent>]?: ValueOf<ServiceEvent, Key> | undefined
}
type KeysOf<T> = T extends unknown ? keyof T : never
type ValueOf<T, Key extends PropertyKey> = T extends { readonly [K in Key]?: infer V } ? V : never
