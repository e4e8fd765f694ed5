import { viewOf, wordOf } from './byte-words.ts'
import {
  asciiBytes,
  backslash,
  closeBracket,
  dash,
  endOfQuoted,
  isAt,
  openBracket,
  quote,
  readStatus,
  space,
} from './byte-scan.ts'
import type { Place } from './client-places.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'
import { clfLength } from './log-times.ts'
import type { TargetKind } from './request-target.ts'

/**
 * Reads the common and the combined log format of Apache and nginx: the client's address, two
 * names, the time, the request, the status and the bytes sent, whatever follows. Before the address
 * may be what collectors and virtual hosts put there. A private address is a proxy's: then the
 * client is in the `X-Forwarded-For` that nginx's `main` format has after the combined one.
 *
 * https://httpd.apache.org/docs/2.4/logs.html#combined
 */
export function createCombinedReader(parts: ReaderParts): LineReader {
  const { line, places, times, registry } = parts
  const { target } = line

  return (bytes, start, end) => {
    const view = viewOf(bytes)
    let at = start
    while (bytes[at]! > space) at++
    const addressEnd = at
    if (at + shortest > end) return undefined
    // Hardly anybody has a name, but one may hold spaces.
    if (view.getInt32(at) === nameless && bytes[at + 5] === openBracket) at += 5
    else while (at < end && bytes[at] !== openBracket) at++
    const namesEnd = at

    const timeMs = times.readClf(bytes, at + 1)
    at += 1 + clfLength
    if (Number.isNaN(timeMs) || at + shortestRequest > end) return undefined
    if (bytes[at] !== closeBracket || bytes[at + 1] !== space || bytes[at + 2] !== quote) {
      return undefined
    }
    at += 3
    const requestAt = at
    let kind: TargetKind = 'other'
    const method = view.getInt32(at)
    if (method === get) {
      kind = target.read(bytes, at + 4)
      at = target.end
    } else if (method === head && bytes[at + 4] === space) {
      // Only to be quickly at its end.
      target.read(bytes, at + 5)
      at = target.end
    }
    at = endOfRequest(bytes, requestAt, at, end)
    if (at < 0 || bytes[at + 1] !== space || bytes[at + 5] !== space) return undefined
    const status = readStatus(bytes, at + 2, at + 5)
    if (Number.isNaN(status)) return undefined

    at += 6
    const sentAt = at
    let sentBytes = 0
    for (let digit = bytes[at]! ^ 48; digit < 10; digit = bytes[++at]! ^ 48) {
      sentBytes = sentBytes * 10 + digit
    }
    if (at === sentAt && bytes[at] === dash) {
      sentBytes = NaN
      at++
    }
    if (bytes[at]! > space || at === sentAt || at > sentAt + 15) return undefined
    const sentEnd = at

    // It writes an empty referrer where others write a dash.
    if (registry.hasOwnLines && isAt(bytes, sentEnd, noReferrer)) {
      line.setOther(timeMs)
      return 'docker-registry'
    }
    let place = places.find(bytes, start, addressEnd)
    if (place.kind !== 'public') place = findElsewhere(bytes, start, namesEnd, sentEnd, end)
    line.setGet(kind, timeMs, place.location, status, sentBytes)
    return 'combined'
  }

  function findElsewhere(
    bytes: Buffer,
    start: number,
    namesEnd: number,
    sentEnd: number,
    end: number,
  ): Place {
    const before = places.findFirst(bytes, start, namesEnd)
    if (before.kind !== 'private') return before
    let at = sentEnd
    for (let quoted = 0; quoted < 3; quoted++) {
      if (bytes[at] !== space || bytes[at + 1] !== quote) return before
      const from = at + 2
      at = endOfQuoted(bytes, from, end)
      if (at < 0) return before
      if (quoted === 2) {
        const forwarded = places.findFirst(bytes, from, at)
        if (forwarded.kind === 'public') return forwarded
      }
      at++
    }
    return before
  }
}

/** The quote after the request that begins at `start`, and of which the version is left at `from`. */
function endOfRequest(bytes: Buffer, start: number, from: number, end: number): number {
  const quoteAt = from + ' HTTP/1.1'.length
  if (quoteAt < end && bytes[quoteAt] === quote && bytes[quoteAt - 1] !== backslash) {
    const view = viewOf(bytes)
    const isVersion =
      view.getInt32(from) === versionWords[0] && view.getInt32(from + 2) === versionWords[1]
    if (isVersion) return quoteAt
  }
  // A request that was no HTTP may be anything but a bare quote. From its start: a target ends at any
  // quote, and whether that one is escaped is told by what stands before it.
  return endOfQuoted(bytes, start, end)
}

const versionWords = [wordOf(' HTT'), wordOf('TTP/')] as const
const nameless = wordOf(' - -')
const get = wordOf('GET ')
const head = wordOf('HEAD')
/** What follows the address at least. */
const shortest = ' - - [10/Oct/2000:13:55:36 -0700] "" 400 0'.length
/** What follows the time at least. */
const shortestRequest = '] "" 400 0'.length
const noReferrer = asciiBytes(' "" "')
