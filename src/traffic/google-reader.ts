import type { JsonObject, JsonReader } from './json-value.ts'
import { countOf, isCount } from './json-value.ts'
import type { ReaderParts } from './line-reader.ts'

/**
 * Reads the log of a Google Cloud HTTP load balancer, as Cloud Logging exports it: a LogEntry a
 * line, with an `httpRequest`. Entries of other logs beside it are understood, and no requests. The
 * response's size counts the header too.
 *
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
 */
export function createGoogleReader({ line, places, times }: ReaderParts): JsonReader {
  return ({ httpRequest, timestamp, logName }) => {
    if (typeof timestamp !== 'string') return false
    const timeMs = times.readIsoText(timestamp)
    if (Number.isNaN(timeMs)) return false
    if (typeof httpRequest !== 'object' || httpRequest === null) {
      line.setOther(timeMs)
      return typeof logName === 'string'
    }

    const { requestMethod, requestUrl, status, responseSize, remoteIp } = httpRequest as JsonObject
    if (typeof requestMethod !== 'string' || typeof requestUrl !== 'string') return false
    // A client that left before there was an answer has none.
    if (status !== undefined && !isCount(status)) return false
    const sentBytes = responseSize === undefined ? NaN : countOf(responseSize)
    if (sentBytes === undefined) return false
    const { location } = places.findText(typeof remoteIp === 'string' ? remoteIp : '')
    const isGet = requestMethod === 'GET'
    const kind = isGet ? line.target.readText(requestUrl) : 'other'
    line.setGet(kind, timeMs, location, status ?? 0, sentBytes)
    return true
  }
}
