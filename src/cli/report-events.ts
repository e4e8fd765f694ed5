import type { Config } from '../config.ts'
import type { ServiceEvent } from '../core/event.ts'
import { createOperators } from '../runtime/operators.ts'
import { createPolicy } from '../runtime/policy.ts'
import { createPresence } from '../runtime/presence.ts'
import { createConfiguredRanges } from '../runtime/ranges.ts'
import type { ReportDeps } from '../metrics/report.ts'
import { openLog } from '../traffic/log-bytes.ts'
import { sampleOf } from '../traffic/log-sample.ts'
import type { LineHandler } from '../traffic/line-splitter.ts'
import { LineSplitter } from '../traffic/line-splitter.ts'
import { counted } from './sync-counted.ts'

/** What files of events come to: a report's making, and why more or less may have happened. */
export type ReadEvents = { readonly deps: ReportDeps; readonly doubts: readonly string[] }

/**
 * Reads nearport's own events from files, plain or gzip, in the order of time, and counts them as a
 * running service does: now is when the last of them was. Throws LogError for a file that cannot
 * be read, and an Error where no line is a request of nearport's.
 */
export async function readEvents(paths: readonly string[], config: Config): Promise<ReadEvents> {
  let nowMs = 0
  let operators: ReturnType<typeof createOperators> | undefined
  const seen = { lines: 0, requests: 0, foreign: 0, lost: 0, sample: '' }
  const policy = createPolicy(config)
  const ranges = createConfiguredRanges(config.ranges)
  await ranges.restore()
  // What the mirrors hold now says what a new one would cost to keep.
  const { keeper } = createPresence(config, Date.now)
  const problems = (await keeper?.refresh())?.problems ?? []
  const presence = keeper?.state() === undefined ? 'assume' : config.presence
  const settings = { ...config, presence }
  const begin = () => {
    // Events say what came of requests, and not what was asked beside them.
    const upstreamHealth = { all: () => [] }
    const shown = { config: settings, policy, ranges, upstreamHealth, keeper }
    const made = createOperators({ shown: () => shown, now: () => nowMs })
    made.record({ event: 'index', timeMs: nowMs, outcome: 'loaded', problems: [] })
    return made
  }

  const take = (text: string, where: () => string) => {
    seen.lines++
    const event = parseEvent(text)
    if (event === undefined) {
      if (seen.foreign++ === 0) seen.sample = where()
    } else if ('count' in event) {
      seen.lost += event.count
    } else {
      if (operators === undefined) nowMs = event.timeMs
      operators ??= begin()
      nowMs = Math.max(nowMs, event.timeMs)
      if (event.event === 'request') seen.requests++
      // The index that is there now is the one that was read.
      if (event.event !== 'index') operators.record(event)
    }
  }

  for (const path of paths) {
    let at = 0
    const hear: LineHandler = (bytes, start, end) => {
      at++
      if (end === start) return
      take(
        bytes.toString('utf8', start, end),
        () => `${path} line ${at}: ${sampleOf(bytes, start, end)}`,
      )
    }
    const splitter = new LineSplitter(hear, hear)
    for await (const piece of openLog(path, () => at).pieces) splitter.push(piece)
    splitter.end()
  }
  if (operators === undefined || seen.requests === 0) {
    const got = seen.sample === '' ? '' : `; the first line that is none is ${seen.sample}`
    throw new Error(`wanted requests among the events of ${paths.join(', ')}, got none${got}`)
  }
  const doubts = [...problems.map((problem) => `index: ${problem}`), ...doubtsOf(seen)]
  return { deps: operators.report, doubts }
}

function doubtsOf(seen: {
  readonly lines: number
  readonly foreign: number
  readonly lost: number
  readonly sample: string
}): readonly string[] {
  const { lines, foreign, lost, sample } = seen
  return [
    ...(foreign === 0
      ? []
      : [
          `${foreign} of ${counted(lines, 'line')} are no events and left out; the first is ${sample}`,
        ]),
    ...(lost === 0 ? [] : [`${counted(lost, 'event')} were lost before they were written`]),
  ]
}

type Lost = { readonly event: 'events-lost'; readonly count: number }

function parseEvent(line: string): ServiceEvent | Lost | undefined {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  const event = Object(json) as { readonly [name: string]: unknown }
  if (event['event'] === 'events-lost' && typeof event['count'] === 'number') return event as Lost
  if (typeof event['event'] !== 'string' || typeof event['timeMs'] !== 'number') return undefined
  if (event['event'] !== 'request') return event as ServiceEvent
  const texts = ['method', 'kind', 'action', 'reason']
  return texts.every((name) => typeof event[name] === 'string')
    ? (event as ServiceEvent)
    : undefined
}
