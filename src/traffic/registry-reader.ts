import {
  asciiBytes,
  endOfQuoted,
  endOfWord,
  isAt,
  quote,
  readSent,
  readStatus,
  space,
} from './byte-scan.ts'
import { FieldSpans } from './field-spans.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'

/**
 * Reads what docker-registry (distribution) logs by its formatter `text`: words of `key=value`, in
 * any order after the time, values quoted where they need it. Requests are told of by the message
 * `response completed`, with the client's address as the registry believes it.
 */
export function createRegistryReader({ line, places, times, registry }: ReaderParts): LineReader {
  const spans = new FieldSpans(keys.length)
  const { from, to } = spans

  return (bytes, start, end) => {
    const begin = findTime(bytes, start, end)
    if (begin < 0 || !splitWords(bytes, begin, end)) return undefined
    const timeMs = times.readIso(bytes, from[0]!, to[0]!)
    if (Number.isNaN(timeMs) || from[1]! < 0 || from[2]! < 0) return undefined
    if (!spans.is(bytes, 2, completed)) {
      line.setOther(timeMs)
      return 'docker-registry'
    }
    registry.hasOwnLines = true
    if (!spans.hasAll()) return undefined
    const status = readStatus(bytes, from[6]!, to[6]!)
    const sentBytes = readSent(bytes, from[7]!, to[7]!)
    if (Number.isNaN(status) || sentBytes === undefined) return undefined

    const { location } = places.findFirst(bytes, from[4]!, to[4]!)
    const isGet = spans.is(bytes, 3, get)
    const kind = isGet ? line.target.read(bytes, from[5]!) : 'other'
    line.setGet(kind, timeMs, location, status, sentBytes)
    return 'docker-registry'
  }

  /** Finds the values of the keys; false where something is no `key=value`. */
  function splitWords(bytes: Uint8Array, begin: number, end: number): boolean {
    spans.clear()
    let at = begin
    while (at < end) {
      const key = at
      while (at < end && bytes[at] !== equals && bytes[at] !== space) at++
      if (at === end || bytes[at] !== equals) return false
      const isQuoted = bytes[at + 1] === quote
      const value = isQuoted ? at + 2 : at + 1
      const valueEnd = isQuoted ? endOfQuoted(bytes, value, end) : endOfWord(bytes, value)
      if (valueEnd < 0) return false
      const known = keyAt(bytes, key, at)
      if (known >= 0) spans.set(known, value, valueEnd)
      at = isQuoted ? valueEnd + 1 : valueEnd
      while (at < end && bytes[at] === space) at++
    }
    return true
  }
}

const keys = [
  'time',
  'level',
  'msg',
  'http.request.method',
  'http.request.remoteaddr',
  'http.request.uri',
  'http.response.status',
  'http.response.written',
].map((key) => asciiBytes(key))
const timeWord = asciiBytes('time="')
const completed = asciiBytes('response completed')
const get = asciiBytes('GET')
const equals = 61

/** What collectors put before a line is no longer than this. */
const longestPrefix = 128

function findTime(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + longestPrefix)
  for (let at = start; at < limit; at++) {
    if ((at === start || bytes[at - 1] === space) && isAt(bytes, at, timeWord)) return at
  }
  return -1
}

function keyAt(bytes: Uint8Array, from: number, to: number): number {
  for (let key = 0; key < keys.length; key++) {
    if (keys[key]!.length === to - from && isAt(bytes, from, keys[key]!)) return key
  }
  return -1
}
