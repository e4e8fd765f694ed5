import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { Config } from '../config.ts'
import type { ServiceEvent } from '../core/event.ts'
import { loadBundledTable } from '../ranges/bundled.ts'
import { createOperators } from '../runtime/operators.ts'
import { createPolicy } from '../runtime/policy.ts'
import { createPresence } from '../runtime/presence.ts'
import type { ReportDeps } from '../metrics/report.ts'
import { printable } from './printable.ts'
import { counted } from './sync-counted.ts'

/** What files of events come to: a report's making, and why more or less may have happened. */
export type ReadEvents = { readonly deps: ReportDeps; readonly doubts: readonly string[] }

/**
 * Reads nearport's own events from files, plain or gzip, in the order of time, and counts them as a
 * running service does: now is when the last of them was. Throws for a file that cannot be read, and
 * where no line is a request of nearport's.
 */
export async function readEvents(paths: readonly string[], config: Config): Promise<ReadEvents> {
  let nowMs = 0
  let operators: ReturnType<typeof createOperators> | undefined
  const seen = { lines: 0, requests: 0, foreign: 0, lost: 0, sample: '' }
  const policy = createPolicy(config)
  const table = loadBundledTable()
  // What the mirrors hold now says what a new one would cost to keep.
  const { keeper } = createPresence(config, Date.now)
  const problems = (await keeper?.refresh())?.problems ?? []
  const presence = keeper?.state() === undefined ? 'assume' : config.presence
  const settings = { ...config, presence }
  const begin = () => {
    const made = createOperators({ config: settings, policy, table, keeper, now: () => nowMs })
    made.record({ event: 'index', timeMs: nowMs, outcome: 'loaded', problems: [] })
    return made
  }

  for (const path of paths) {
    let at = 0
    for await (const line of await linesOf(path)) {
      at++
      if (line === '') continue
      seen.lines++
      const event = parseEvent(line)
      if (event === undefined) {
        if (seen.foreign++ === 0) seen.sample = `${path} line ${at}: ${excerpt(line)}`
        continue
      }
      if ('count' in event) {
        seen.lost += event.count
        continue
      }
      if (operators === undefined) nowMs = event.timeMs
      operators ??= begin()
      nowMs = Math.max(nowMs, event.timeMs)
      if (event.event === 'request') seen.requests++
      // The index that is there now is the one that was read.
      if (event.event !== 'index') operators.record(event)
    }
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

async function linesOf(path: string): Promise<AsyncIterable<string>> {
  const file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
  await file.close()
  const bytes = createReadStream(path)
  const isPacked = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  const input = isPacked ? bytes.pipe(createGunzip()) : bytes
  if (isPacked) bytes.on('error', (error) => input.destroy(error))
  return createInterface({ input, crlfDelay: Infinity })
}

function excerpt(line: string): string {
  const text = printable(line)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
