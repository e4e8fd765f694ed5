import { TrafficError } from './traffic-error.ts'
import { parseEventLine } from './traffic-event.ts'
import { readTrafficLines } from './traffic-file.ts'
import { parseLogLine } from './traffic-log.ts'
import type { Locate, TrafficLine } from './traffic-pull.ts'
import { TrafficTable } from './traffic-table.ts'

/** What clients pulled, from where, as files of events or access logs tell it. */
export type Traffic = {
  /** By `cloud/region`, and by `-` for nowhere known. */
  readonly byLocation: ReadonlyMap<string, TrafficTable>
  readonly pulls: number
  /** The first and the last time that any line has; undefined where none has one. */
  readonly firstMs: number | undefined
  readonly lastMs: number | undefined
  /** Lines that are not blank. */
  readonly lines: number
  /** Events that were lost before they were written. */
  readonly lost: number
  readonly notUnderstood: number
  /** The first line that was not understood: where, and how it begins. */
  readonly sample: string | undefined
}

/** The location of clients that are nowhere known. */
export const nowhere = '-'

/** Where it is seen early that a file is none of ours: half a gigabyte need not be read for that. */
const probeLines = 10_000

/**
 * Reads files of nearport's own events (JSON lines) and access logs (combined format), plain or
 * gzip. A line that is not understood is counted and otherwise left out. Throws TrafficError for a
 * file that cannot be read, and for one of which more than half is not understood.
 */
export async function readTraffic(paths: readonly string[], locate: Locate): Promise<Traffic> {
  const byLocation = new Map<string, TrafficTable>()
  const seen = { pulls: 0, lines: 0, lost: 0, notUnderstood: 0 }
  let firstMs = Infinity
  let lastMs = -Infinity
  let sample: string | undefined

  const count = ({ timeMs, pull, lost }: TrafficLine) => {
    seen.lost += lost ?? 0
    if (timeMs !== undefined) {
      if (timeMs < firstMs) firstMs = timeMs
      if (timeMs > lastMs) lastMs = timeMs
    }
    if (pull === undefined) return
    seen.pulls++
    const { location, digest, bytes } = pull
    const name = location === undefined ? nowhere : `${location.cloud}/${location.region}`
    tableOf(byLocation, name).add(digest, bytes)
  }

  for (const path of paths) {
    const file = { lines: 0, notUnderstood: 0, at: 0 }
    let first: string | undefined
    for await (const batch of readTrafficLines(path)) {
      for (const line of batch) {
        file.at++
        if (line === '' || line === '\r') continue
        file.lines++
        const said = line.startsWith('{') ? parseEventLine(line) : parseLogLine(line, locate)
        if (said !== undefined) {
          count(said)
          continue
        }
        file.notUnderstood++
        first ??= `${path} line ${file.at}: ${excerpt(line)}`
      }
      if (file.lines >= probeLines) refuseForeign(path, file, first)
    }
    refuseForeign(path, file, first)
    seen.lines += file.lines
    seen.notUnderstood += file.notUnderstood
    sample ??= first
  }
  const known = firstMs <= lastMs
  return {
    ...seen,
    byLocation,
    sample,
    firstMs: known ? firstMs : undefined,
    lastMs: known ? lastMs : undefined,
  }
}

function refuseForeign(
  path: string,
  { lines, notUnderstood }: { readonly lines: number; readonly notUnderstood: number },
  first: string | undefined,
): void {
  if (notUnderstood * 2 <= lines) return
  throw new TrafficError(
    `${path} is not traffic: wanted nearport's events or an access log in the combined format, ` +
      `and ${notUnderstood} of ${lines} lines are neither; the first is ${first}`,
  )
}

function tableOf(tables: Map<string, TrafficTable>, location: string): TrafficTable {
  const known = tables.get(location)
  if (known !== undefined) return known
  const made = new TrafficTable()
  tables.set(location, made)
  return made
}

/** How a line begins, as a terminal may see it: queries, which may hold tokens, are left out. */
function excerpt(line: string): string {
  const begin = line.slice(0, 400).replaceAll(/\?[^\s"]*/g, '?…')
  // oxlint-disable-next-line no-control-regex -- they are what must not reach a terminal
  const printable = begin.replaceAll(/[\0-\x1f\x7f-\x9f]/g, '?')
  return printable.length > 120 ? `${printable.slice(0, 120)}…` : printable
}
