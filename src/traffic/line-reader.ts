import type { ClientPlaces } from './client-places.ts'
import type { LogFormat } from './log-format.ts'
import type { LogTimes } from './log-times.ts'
import type { ParsedLine } from './parsed-line.ts'

/**
 * Reads the line that is in these bytes, without its line end, which follows it, and fills the one
 * line. Returns the format that it is of; undefined: not understood. It never throws.
 */
export type LineReader = (bytes: Buffer, start: number, end: number) => LogFormat | undefined

/** What the readers of one log share. */
export type ReaderParts = {
  readonly line: ParsedLine
  readonly places: ClientPlaces
  readonly times: LogTimes
  readonly registry: RegistryLog
}

/**
 * docker-registry leaves two lines of each request: one by its formatter and one in the combined
 * format, which is no second request.
 */
export type RegistryLog = {
  /** Whether this log has its formatter's lines of requests, which know more. */
  hasOwnLines: boolean
}
