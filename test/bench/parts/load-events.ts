import type { Readable } from 'node:stream'

/** Events that a server wrote, read as they come. */
export type EventCounts = {
  /** Of requests, but those of `goneRepository`. */
  requests: number
  /** Of requests whose client went away before the answer: of those nobody knows how many were read. */
  gone: number
  /** Lines that are not of requests: the index, the service's own coming and going. */
  others: number
  /** Requests in which something went wrong, by the event's own word, and events left out. */
  readonly faults: string[]
}

/** The repository that clients ask for who do not wait for an answer. */
export const goneRepository = 'gone'

const request = '{"event":"request"'

/** Counts events, a JSON line each. `ended` resolves when their writer is gone. */
export function countEvents(lines: Readable): {
  readonly counts: EventCounts
  readonly ended: Promise<void>
} {
  const counts: EventCounts = { requests: 0, gone: 0, others: 0, faults: [] }
  let rest = ''
  lines.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1')
    let from = 0
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      countLine(text.slice(from, to), counts)
      from = to + 1
    }
    rest = text.slice(from)
  })
  const ended = new Promise<void>((resolve) => lines.once('close', () => resolve()))
  return { counts, ended }
}

// No JSON is parsed: half a million lines a minute are read here while the load is sent.
function countLine(line: string, counts: EventCounts): void {
  if (!line.startsWith(request)) {
    counts.others++
    if (line.includes('"event":"events-lost"')) counts.faults.push(line)
    return
  }
  if (line.includes(`"repository":"${goneRepository}"`)) counts.gone++
  else counts.requests++
  if (line.includes('"error":')) counts.faults.push(line)
}
