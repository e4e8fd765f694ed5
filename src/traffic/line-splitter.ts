import { carriageReturn, lineFeed } from './byte-scan.ts'

/** Longer lines are skipped: a file without line ends must not fill the memory. */
export const longestLine = 16_384

/** Hears of a line: its bytes without the line end, which follows them in the same buffer. */
export type LineHandler = (bytes: Buffer, start: number, end: number) => void

/**
 * Cuts bytes that come in pieces into lines, where they are; only a line that two pieces share is
 * copied. Of a line that is too long `onLong` hears its beginning, once, as soon as it is.
 */
export class LineSplitter {
  readonly #onLine: LineHandler
  readonly #onLong: LineHandler
  /** The beginning of a line that has not ended. */
  readonly #begun = Buffer.alloc(longestLine + 2)
  #begunLength = 0
  #isSkipping = false

  constructor(onLine: LineHandler, onLong: LineHandler) {
    this.#onLine = onLine
    this.#onLong = onLong
  }

  /** Takes the next piece, which may be overwritten as soon as this returns. */
  push(piece: Buffer): void {
    let from = 0
    if (this.#begunLength > 0 || this.#isSkipping) {
      const end = piece.indexOf(lineFeed)
      if (end < 0) {
        this.#keep(piece, 0)
        return
      }
      this.#finish(piece, end)
      from = end + 1
    }
    for (;;) {
      const end = piece.indexOf(lineFeed, from)
      if (end < 0) break
      if (end - from > longestLine) this.#onLong(piece, from, end)
      else this.#onLine(piece, from, withoutReturn(piece, from, end))
      from = end + 1
    }
    this.#keep(piece, from)
  }

  /** Takes the end: a last line needs no line end. */
  end(): void {
    if (this.#begunLength > 0) this.#finish(Buffer.alloc(0), 0)
  }

  /** Keeps what is begun in a piece from here on. */
  #keep(piece: Buffer, from: number): void {
    if (this.#isSkipping) return
    const length = this.#begunLength + piece.length - from
    if (length <= longestLine) {
      piece.copy(this.#begun, this.#begunLength, from)
      this.#begunLength = length
      return
    }
    this.#skip(piece, from)
    this.#isSkipping = true
  }

  /** Ends the line that is begun where the piece says. */
  #finish(piece: Buffer, end: number): void {
    const length = this.#begunLength + end
    if (this.#isSkipping) this.#isSkipping = false
    else if (length > longestLine) this.#skip(piece, 0)
    else {
      piece.copy(this.#begun, this.#begunLength, 0, end)
      this.#begun[length] = lineFeed
      this.#onLine(this.#begun, 0, withoutReturn(this.#begun, 0, length))
    }
    this.#begunLength = 0
  }

  #skip(piece: Buffer, from: number): void {
    piece.copy(this.#begun, this.#begunLength, from)
    this.#onLong(this.#begun, 0, longestLine)
    this.#begunLength = 0
  }
}

function withoutReturn(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === carriageReturn ? end - 1 : end
}
