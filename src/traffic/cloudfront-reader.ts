import { asciiBytes, isAt, readSent, readStatus, tab } from './byte-scan.ts'
import { FieldSpans } from './field-spans.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'

/**
 * Reads CloudFront's standard log: fields with tabs between, in the order that the last `#Fields:`
 * said; in that of its documentation where a file has lost its head. CloudFront stands before
 * registries and before buckets. The bytes sent count the header too.
 *
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
 */
export function createCloudFrontReader({ line, places, times }: ReaderParts): LineReader {
  let columns = columnsOf(usualFields)
  const spans = new FieldSpans(wanted.length)
  const { from, to } = spans

  return (bytes, start, end) => {
    const isHead = isAt(bytes, start, fieldsHead)
    if (isHead || isAt(bytes, start, versionHead)) {
      if (isHead) columns = columnsOf(fieldsOf(bytes.toString('latin1', start, end)))
      line.setOther(NaN)
      return 'cloudfront'
    }
    splitFields(bytes, start, end)
    if (!spans.hasAll()) return undefined

    const isTime = spans.length(0) === '2019-12-04'.length && spans.length(1) === '21:02:31'.length
    const timeMs = isTime ? times.readDateAndTime(bytes, from[0]!, from[1]!) : NaN
    const sentBytes = readSent(bytes, from[2]!, to[2]!)
    // 000: the client left before there was an answer.
    const status = readStatus(bytes, from[6]!, to[6]!)
    if (Number.isNaN(timeMs) || sentBytes === undefined || Number.isNaN(status)) return undefined

    const { location } = places.find(bytes, from[3]!, to[3]!)
    const isGet = spans.is(bytes, 4, get)
    const kind = isGet ? line.target.readKey(bytes, from[5]!, to[5]!) : 'other'
    line.setGet(kind, timeMs, location, status, sentBytes)
    return 'cloudfront'
  }

  function splitFields(bytes: Uint8Array, start: number, end: number): void {
    spans.clear()
    let begin = start
    for (let column = 0; column < columns.length && begin <= end; column++) {
      let at = begin
      while (at < end && bytes[at] !== tab) at++
      const field = columns[column]!
      if (field >= 0) spans.set(field, begin, at)
      begin = at + 1
    }
  }
}

const fieldsHead = asciiBytes('#Fields:')
const versionHead = asciiBytes('#Version:')
const get = asciiBytes('GET')

const wanted = ['date', 'time', 'sc-bytes', 'c-ip', 'cs-method', 'cs-uri-stem', 'sc-status']
const usualFields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status'.split(' ')

function fieldsOf(head: string): readonly string[] {
  return head.slice(fieldsHead.length).trim().split(/\s+/)
}

/** By column the number of its field among those wanted, or -1; none after the last of them. */
function columnsOf(fields: readonly string[]): Int8Array {
  const numbers = fields.map((field) => wanted.indexOf(field))
  return Int8Array.from(numbers.slice(0, numbers.findLastIndex((number) => number >= 0) + 1))
}
