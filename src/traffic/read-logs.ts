import type { Readable } from 'node:stream'
import type { ClientLocation } from '../core/location.ts'
import { placesOf } from './client-places.ts'
import { LineSplitter } from './line-splitter.ts'
import { headBytes, nameOf, openLog } from './log-bytes.ts'
import type { LogFormat } from './log-format.ts'
import type { LineSink, ReadLines } from './log-line.ts'
import { createLineReader } from './log-reader.ts'
import { LogTally } from './log-tally.ts'
import { LogTimes } from './log-times.ts'
import { ParsedLine } from './parsed-line.ts'

export { LogError } from './log-error.ts'
export type { LogFormat } from './log-format.ts'
export { logFormats } from './log-format.ts'

export type LogOptions = {
  /** Tells where an address is; undefined for nowhere known, and for what is no address. */
  readonly locate: (address: string) => ClientLocation | undefined
  /** `auto`, the default, finds out by the lines themselves. */
  readonly format?: LogFormat | 'auto'
}

/** Where it is seen early that a file is none of ours: half a gigabyte need not be read for that. */
const probeLines = 10_000
const probeBytes = 8_388_608

/**
 * Reads a log: a file, standard input for `-`, or a stream, plain or gzip. It takes the same memory
 * for any length. `sink` hears of every line that is understood, in order; what it throws goes to
 * the caller. Throws LogError for what cannot be read to its end, and for a log of which more than
 * half of the lines are not understood: then what `sink` heard before is no part of any total.
 */
export async function readLog(
  source: string | Readable,
  { locate, format = 'auto' }: LogOptions,
  sink: LineSink,
): Promise<ReadLines> {
  const line = new ParsedLine()
  const registry = { hasOwnLines: false }
  const parts = { line, places: placesOf(locate), times: new LogTimes(), registry }
  const read = createLineReader(parts, format)
  const tally = new LogTally(nameOf(source))
  const splitter = new LineSplitter(
    (bytes, start, end) => {
      tally.at++
      if (start === end) return
      const as = read(bytes, start, end)
      if (as === undefined) tally.foreign(bytes, start, end)
      else {
        tally.understood(as)
        sink(line)
      }
    },
    (bytes, start, end) => {
      tally.at++
      tally.foreign(bytes, start, end)
    },
  )

  const mayBeRegistry = format === 'auto' || format === 'docker-registry'
  const log = openLog(source, () => tally.at)
  let bytes = 0
  for await (const piece of log.pieces) {
    // A line of the combined format may come before the registry's own line of the same request.
    if (bytes === 0 && mayBeRegistry) {
      registry.hasOwnLines = piece.subarray(0, headBytes).includes(ownLine)
    }
    bytes += piece.length
    splitter.push(piece)
    if (tally.lines >= probeLines || bytes >= probeBytes) tally.refuseForeign(format)
  }
  splitter.end()
  tally.refuseForeign(format)
  const { lines, notUnderstood, sample } = tally
  return { lines, bytesRead: log.bytesRead(), notUnderstood, sample, format: tally.formats() }
}

const ownLine = '"response completed"'
