import { parseDigest } from '../../core/digest.ts'
import type { Locate, TrafficLine } from './traffic-pull.ts'
import { isPull } from './traffic-pull.ts'

/**
 * Reads a line of an access log in the common or combined format (nginx, Apache): the client's
 * address, two names, the time, the request, the status and the bytes sent. Answers that carried
 * the blob say what was read; those that sent the client elsewhere do not.
 */
export function parseLogLine(line: string, locate: Locate): TrafficLine | undefined {
  const match = combined.exec(line)
  if (match === null) return undefined
  const [, address, time, request, statusText, sent] = match
  const timeMs = parseTime(time!)
  if (timeMs === undefined) return undefined

  const status = Number(statusText)
  const method = request!.slice(0, request!.indexOf(' '))
  if (!isPull(method, status)) return { timeMs }
  const digest = digestIn(request!)
  if (digest === undefined) return { timeMs }
  const carried = status < 300 && sent !== '-'
  const bytes = carried ? Number(sent) : undefined
  return { timeMs, pull: { digest, location: locate(address!), bytes } }
}

// https://httpd.apache.org/docs/2.4/logs.html#combined
// A user's name may hold spaces, and a request that was no HTTP may be anything but a bare quote.
const combined =
  /^(\S+) \S+ [^[]*\[([^\]]{20,30})\] "([^"\\]*(?:\\.[^"\\]*)*)" (\d{3}) (\d{1,15}|-)(?= |\r?$)/

const repositoryPath = /^GET (?:https?:\/\/[^/ ]+)?\/v2\/[^ ?]+$/
const blobPath = '/blobs/'
const digestLength = 'sha256:'.length + 64

/** The digest in a request for a blob. Every line comes by here: it is cut out before it is checked. */
function digestIn(request: string) {
  const at = request.indexOf(`${blobPath}sha256:`)
  if (at < 0) return undefined
  const from = at + blobPath.length
  const after = request[from + digestLength]
  if (after !== ' ' && after !== '?') return undefined
  if (!repositoryPath.test(request.slice(0, at))) return undefined
  return parseDigest(request.slice(from, from + digestLength))
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const logTime = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/

// Thousands of lines have the same second.
let lastText = ''
let lastMs: number | undefined

/** `10/Oct/2000:13:55:36 -0700` in milliseconds since 1970. */
function parseTime(text: string): number | undefined {
  if (text === lastText) return lastMs
  lastText = text
  lastMs = timeOf(text)
  return lastMs
}

function timeOf(text: string): number | undefined {
  const match = logTime.exec(text)
  const month = months.indexOf(match?.[2] ?? '')
  if (match === null || month < 0) return undefined
  const [, day, , year, hour, minute, second, sign, offHours, offMinutes] = match
  const offsetMs = (Number(offHours) * 60 + Number(offMinutes)) * 60_000
  const utc = Date.UTC(
    Number(year),
    month,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  )
  return sign === '-' ? utc + offsetMs : utc - offsetMs
}
