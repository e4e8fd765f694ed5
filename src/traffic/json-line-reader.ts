import type { JsonReader } from './json-value.ts'
import { countOf, isCount, isTimeMs } from './json-value.ts'
import type { ReaderParts } from './line-reader.ts'

/**
 * Reads the form that any other log can be brought into, a JSON object a line:
 *
 * ```json
 * {"time": "2025-10-10T13:55:36Z", "address": "192.0.2.1", "method": "GET",
 *  "path": "/v2/app/blobs/sha256:…", "status": 200, "bytes": 31357624}
 * ```
 *
 * `time` is RFC 3339 or milliseconds since 1970; `path` may be a whole URL, and have a query;
 * `address` may have a port, and be a list of which the client is the first; `bytes` are those that
 * were sent, and are left out or null where they are not known. Other names are left alone.
 */
export function createJsonLineReader({ line, places, times }: ReaderParts): JsonReader {
  return ({ time, address, method, path, status, bytes }) => {
    const timeMs = typeof time === 'string' ? times.readIsoText(time) : time
    if (!isTimeMs(timeMs) || typeof address !== 'string' || typeof method !== 'string') return false
    if (typeof path !== 'string' || !isCount(status)) return false
    const sentBytes = bytes === undefined || bytes === null ? NaN : countOf(bytes)
    if (sentBytes === undefined) return false
    const kind = method === 'GET' ? line.target.readText(path) : 'other'
    line.setGet(kind, timeMs, places.findText(address).location, status, sentBytes)
    return true
  }
}
