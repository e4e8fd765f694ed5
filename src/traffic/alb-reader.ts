import {
  asciiBytes,
  colon,
  endOfQuoted,
  endOfWord,
  isAt,
  nextWord,
  quote,
  readSent,
  readStatusOrNone,
} from './byte-scan.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'

/**
 * Reads the access log of an AWS Application Load Balancer. The bytes sent count the header too.
 *
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
 */
export function createAlbReader({ line, places, times }: ReaderParts): LineReader {
  const fields = new Int32Array(fieldsBeforeRequest)

  return (bytes, start, end) => {
    if (!startsWithType(bytes, start)) return undefined
    let at = start
    for (let field = 0; field < fieldsBeforeRequest; field++) {
      fields[field] = at
      at = nextWord(bytes, at)
      if (at < 0) return undefined
    }
    const timeMs = times.readIso(bytes, fields[1]!, endOfWord(bytes, fields[1]!))
    const status = readStatusOrNone(bytes, fields[8]!)
    const sentBytes = readSent(bytes, fields[11]!, endOfWord(bytes, fields[11]!))
    if (Number.isNaN(timeMs) || status === undefined || sentBytes === undefined) return undefined
    if (bytes[at] !== quote || endOfQuoted(bytes, at + 1, end) < 0) return undefined

    const client = fields[3]!
    const { location } = places.find(bytes, client, endOfHost(bytes, client))
    if (!isAt(bytes, at, get)) {
      line.setOther(timeMs, location)
      return 'alb'
    }
    const kind = line.target.read(bytes, at + get.length)
    line.setGet(kind, timeMs, location, status, sentBytes)
    return 'alb'
  }
}

const fieldsBeforeRequest = 12
const get = asciiBytes('"GET ')
const types = ['http ', 'https ', 'h2 ', 'grpcs ', 'ws ', 'wss '].map((type) => asciiBytes(type))

function startsWithType(bytes: Uint8Array, start: number): boolean {
  for (const type of types) if (isAt(bytes, start, type)) return true
  return false
}

/** Without the port, which is there even after an IPv6 address that has no brackets. */
function endOfHost(bytes: Uint8Array, from: number): number {
  const end = endOfWord(bytes, from)
  for (let at = end - 1; at > from; at--) if (bytes[at] === colon) return at
  return end
}
