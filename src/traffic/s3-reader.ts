import {
  asciiBytes,
  closeBracket,
  dash,
  endOfQuoted,
  endOfWord,
  isAt,
  nextWord,
  openBracket,
  quote,
  readSent,
  readStatusOrNone,
  space,
} from './byte-scan.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'
import { clfLength } from './log-times.ts'

/**
 * Reads the server access log of an S3 bucket that holds blobs by their digest, as a mirror or a
 * registry's storage.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export function createS3Reader({ line, places, times }: ReaderParts): LineReader {
  return (bytes, start, end) => {
    // The bucket's owner and the bucket.
    let at = nextWord(bytes, start)
    if (at > 0) at = nextWord(bytes, at)
    if (at < 0 || bytes[at] !== openBracket) return undefined
    const timeMs = times.readClf(bytes, at + 1)
    at += 1 + clfLength
    if (Number.isNaN(timeMs) || bytes[at] !== closeBracket || bytes[at + 1] !== space) {
      return undefined
    }
    const client = at + 2
    const requester = nextWord(bytes, client)
    const request = requester < 0 ? -1 : nextWord(bytes, requester)
    const operation = request < 0 ? -1 : nextWord(bytes, request)
    const key = operation < 0 ? -1 : nextWord(bytes, operation)
    const uri = key < 0 ? -1 : nextWord(bytes, key)
    if (uri < 0) return undefined

    at = bytes[uri] === quote ? endOfQuoted(bytes, uri + 1, end) + 1 : endOfWord(bytes, uri)
    if (at <= 0 || bytes[at] !== space) return undefined
    const status = readStatusOrNone(bytes, at + 1)
    const error = nextWord(bytes, at + 1)
    const sent = error < 0 ? -1 : nextWord(bytes, error)
    if (status === undefined || sent < 0) return undefined
    // Zero is written as a dash.
    const isNone = bytes[sent] === dash
    const sentBytes = isNone ? 0 : readSent(bytes, sent, endOfWord(bytes, sent))
    if (sentBytes === undefined) return undefined

    const { location } = places.find(bytes, client, requester - 1)
    // A copy reads its source by a GET too, which is no client's.
    if (!isAt(bytes, key - 1 - getObject.length, getObject)) {
      line.setOther(timeMs, location)
      return 's3'
    }
    const kind = line.target.readKey(bytes, key, uri - 1)
    line.setGet(kind, timeMs, location, status, sentBytes)
    return 's3'
  }
}

// REST.GET.OBJECT and WEBSITE.GET.OBJECT.
const getObject = asciiBytes('.GET.OBJECT')
