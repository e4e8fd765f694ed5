import type { JsonReader } from './json-value.ts'
import { countOf, isCount } from './json-value.ts'
import type { ReaderParts } from './line-reader.ts'

/**
 * Reads what docker-registry logs by its formatters `json` and `logstash`, which call the message
 * and the time differently.
 */
export function createRegistryJsonReader(parts: ReaderParts): JsonReader {
  const { line, places, times, registry } = parts

  return (json) => {
    const { level, msg = json['message'], time = json['@timestamp'] } = json
    if (typeof level !== 'string' || typeof msg !== 'string' || typeof time !== 'string') {
      return false
    }
    const timeMs = times.readIsoText(time)
    if (Number.isNaN(timeMs)) return false
    if (msg !== 'response completed') {
      line.setOther(timeMs)
      return true
    }
    registry.hasOwnLines = true
    const method = json['http.request.method']
    const uri = json['http.request.uri']
    const address = json['http.request.remoteaddr']
    const status = json['http.response.status']
    const sentBytes = countOf(json['http.response.written'])
    if (typeof method !== 'string' || typeof uri !== 'string' || typeof address !== 'string') {
      return false
    }
    if (!isCount(status) || sentBytes === undefined) return false
    const kind = method === 'GET' ? line.target.readText(uri) : 'other'
    line.setGet(kind, timeMs, places.findText(address).location, status, sentBytes)
    return true
  }
}
