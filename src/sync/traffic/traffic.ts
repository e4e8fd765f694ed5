import { parseDigest } from '../../core/digest.ts'
import type { ClientLocation } from '../../core/location.ts'
import { readLog } from '../../traffic/read-logs.ts'
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

/**
 * Reads files of nearport's own events and access logs, plain or gzip, as `readLog` does. A line
 * that is not understood is counted and otherwise left out. Throws LogError for a file that cannot
 * be read, and for one of which more than half is not understood.
 */
export async function readTraffic(
  paths: readonly string[],
  locate: (address: string) => ClientLocation | undefined,
): Promise<Traffic> {
  const byLocation = new Map<string, TrafficTable>()
  // The same place is the same object in one file: its name is made once.
  let byObject = new Map<ClientLocation | undefined, TrafficTable>()
  const seen = { pulls: 0, lines: 0, lost: 0, notUnderstood: 0 }
  let firstMs = Infinity
  let lastMs = -Infinity
  let sample: string | undefined

  const tableOf = (location: ClientLocation | undefined): TrafficTable => {
    const known = byObject.get(location)
    if (known !== undefined) return known
    const name = location === undefined ? nowhere : `${location.cloud}/${location.region}`
    const table = byLocation.get(name) ?? new TrafficTable()
    byLocation.set(name, table)
    byObject.set(location, table)
    return table
  }

  for (const path of paths) {
    byObject = new Map()
    const read = await readLog(path, { locate }, (line) => {
      seen.lost += line.lost
      if (line.timeMs < firstMs) firstMs = line.timeMs
      if (line.timeMs > lastMs) lastMs = line.timeMs
      const digest = line.kind === 'blob' ? parseDigest(line.reference()) : undefined
      if (digest === undefined) return
      seen.pulls++
      tableOf(line.location).add(digest, Number.isNaN(line.bytes) ? undefined : line.bytes)
    })
    seen.lines += read.lines
    seen.notUnderstood += read.notUnderstood
    sample ??= read.sample
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
