import type { ClientLocation } from '../core/location.ts'

/**
 * What one line of a log says. One object is filled anew for every line, so that a reader of a
 * billion lines makes none: whoever wants to keep something of it copies it before the next.
 */
export type LogLine = {
  /**
   * `blob`: a client went for a blob by a GET, and got it, a range of it, or its address elsewhere.
   * `manifest`: the same of a manifest. `other`: anything else that was understood.
   */
  kind: 'blob' | 'manifest' | 'other'
  /** Milliseconds since 1970; NaN: the line does not say. */
  timeMs: number
  /** Where the client is; undefined: nowhere known. The same object for the same place. */
  location: ClientLocation | undefined
  /**
   * What the client read, as far as the log counts it: some count the header too. NaN where the
   * line does not say it, as of a client that was sent elsewhere: then it is the whole blob,
   * whatever its size.
   */
  bytes: number
  /** The first eight bytes of a blob's SHA-256 as two numbers, big end first: they tell blobs apart. */
  digestHigh: number
  digestLow: number
  /**
   * The repository of a blob or manifest, read only when it is asked for; empty where it is not
   * known, as in the log of a bucket.
   */
  readonly repository: () => string
  /** The digest or tag that was asked for, read only when it is asked for. */
  readonly reference: () => string
  /** Events that the log says it left out where this line is. */
  lost: number
}

/** Hears of every line that was understood. */
export type LineSink = (line: LogLine) => void

/** How many lines there were, and what could not be read of them. */
export type ReadLines = {
  /** Lines that are not blank. */
  readonly lines: number
  /** Bytes that were read, before unpacking. */
  readonly bytesRead: number
  readonly notUnderstood: number
  /** The first that was not: where, and how it begins, as a terminal may see it. */
  readonly sample: string | undefined
  /**
   * What the lines were read as: `nginx or Apache combined`, `AWS ALB`, … Several where they are
   * mixed, the most frequent first; `nothing` where no line was understood.
   */
  readonly format: string
}
