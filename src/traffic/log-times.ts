import { viewOf } from './byte-words.ts'
import { colon, dash, slash } from './byte-scan.ts'

// Thousands of lines have the same second: it is read once.

/** Reads times from bytes, in milliseconds since 1970; NaN for what is none, or is before 1970. */
export class LogTimes {
  #first = 0
  #second = 0
  #third = 0
  #last = 0
  #clfMs = NaN
  readonly #date = new Uint8Array(10)
  readonly #clock = new Uint8Array(8)
  #secondMs = NaN

  /** `10/Oct/2000:13:55:36 -0700`, the time of Apache's common log format. */
  readClf(bytes: Buffer, from: number): number {
    if (from + clfLength > bytes.length) return NaN
    // Eight bytes at a time as numbers with a point: of texts, the same bytes and no others are equal.
    const view = viewOf(bytes)
    const first = view.getFloat64(from)
    const second = view.getFloat64(from + 8)
    const third = view.getFloat64(from + 16)
    const last = view.getUint16(from + 24)
    if (
      third === this.#third &&
      second === this.#second &&
      first === this.#first &&
      last === this.#last
    ) {
      return this.#clfMs
    }
    this.#clfMs = clfTime(bytes, from)
    this.#first = first
    this.#second = second
    this.#third = third
    this.#last = last
    return this.#clfMs
  }

  /** `2018-07-02T22:23:00.186641Z` or with an offset such as `+02:00`: RFC 3339. */
  readIso(bytes: Uint8Array, from: number, to: number): number {
    const between = bytes[from + 10]
    if (between !== letterT && between !== 32) return NaN
    const secondMs = this.readDateAndTime(bytes, from, from + 11)
    let at = from + 19
    let ms = 0
    if (bytes[at] === point) {
      for (let unit = 100; isDigit(bytes[++at]); unit /= 10) {
        if (unit >= 1) ms += (bytes[at]! - 48) * unit
      }
    }
    return secondMs + ms - offsetMs(bytes, at, to)
  }

  /** The same of a text. */
  readIsoText(text: string): number {
    if (text.length > scratch.length) return NaN
    return this.readIso(scratch, 0, scratch.write(text, 'latin1'))
  }

  /** `2019-12-04` and `21:02:31`, wherever each is, in UTC. */
  readDateAndTime(bytes: Uint8Array, date: number, time: number): number {
    if (isSame(bytes, time, this.#clock) && isSame(bytes, date, this.#date)) return this.#secondMs
    if (bytes[date + 4] !== dash || bytes[date + 7] !== dash) return NaN
    const [year, month, day] = [number(bytes, date, 4), two(bytes, date + 5), two(bytes, date + 8)]
    const ms = utcMs(year, month, day) + clockMs(bytes, time)
    if (Number.isNaN(ms)) return NaN
    this.#date.set(bytes.subarray(date, date + 10))
    this.#clock.set(bytes.subarray(time, time + 8))
    this.#secondMs = ms
    return ms
  }
}

/** How many bytes the time of the common log format has. */
export const clfLength = '10/Oct/2000:13:55:36 -0700'.length

/** The longest time has nine digits of a second, and an offset. */
const scratch = Buffer.alloc(40)

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const point = 46
const plus = 43
const letterT = 84
const letterZ = 90

function isSame(bytes: Uint8Array, from: number, known: Uint8Array): boolean {
  // Seconds, which change, are at the end.
  for (let at = known.length - 1; at >= 0; at--) if (bytes[from + at] !== known[at]) return false
  return true
}

function clfTime(bytes: Buffer, from: number): number {
  if (bytes[from + 2] !== slash || bytes[from + 6] !== slash || bytes[from + 11] !== colon) {
    return NaN
  }
  if (bytes[from + 20] !== 32) return NaN
  const month = months.indexOf(bytes.toString('latin1', from + 3, from + 6)) + 1
  const dayMs = utcMs(number(bytes, from + 7, 4), month, two(bytes, from))
  return dayMs + clockMs(bytes, from + 12) - offsetMs(bytes, from + 21, from + clfLength)
}

function utcMs(year: number, month: number, day: number): number {
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return NaN
  return Date.UTC(year, month - 1, day)
}

/** `13:55:36` in milliseconds. */
function clockMs(bytes: Uint8Array, from: number): number {
  if (bytes[from + 2] !== colon || bytes[from + 5] !== colon) return NaN
  const [hours, minutes, seconds] = [two(bytes, from), two(bytes, from + 3), two(bytes, from + 6)]
  // A leap second is a second.
  if (!(hours < 24 && minutes < 60 && seconds <= 60)) return NaN
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/** `Z`, `-0700` or `-07:00`, and nothing after it. */
function offsetMs(bytes: Uint8Array, from: number, to: number): number {
  const sign = bytes[from]
  if (sign === letterZ) return to === from + 1 ? 0 : NaN
  if (sign !== plus && sign !== dash) return NaN
  const minutesAt = bytes[from + 3] === colon ? from + 4 : from + 3
  if (to !== minutesAt + 2) return NaN
  const minutes = two(bytes, from + 1) * 60 + two(bytes, minutesAt)
  return (sign === plus ? minutes : -minutes) * 60_000
}

function two(bytes: Uint8Array, from: number): number {
  return number(bytes, from, 2)
}

function number(bytes: Uint8Array, from: number, digits: number): number {
  let value = 0
  for (let at = from; at < from + digits; at++) {
    if (!isDigit(bytes[at])) return NaN
    value = value * 10 + bytes[at]! - 48
  }
  return value
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57
}
