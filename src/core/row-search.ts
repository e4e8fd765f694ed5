import type { Digest } from './digest.ts'
import { fingerprint, readFingerprint } from './digest.ts'

/** Rows that share a span are, on average, from so many to twice as many. */
const leastRowsASpan = 8

/**
 * Makes the function that finds the row of a digest, or -1, among digests sorted by the two words of
 * their first eight bytes.
 *
 * Digests are uniform, so their first bits tell within a handful of rows where one is. Where the rows of
 * a span of digests begin is kept, in half a byte a row, from when the span is first asked for: to find
 * it out for all of them took twenty times as long as opening an index does. A search by proportion alone
 * touches four or five places far apart and turns the wrong way at every other one, which is two
 * to four times as long (`npm run bench -- index`).
 */
export function createRowSearch(high: Uint32Array, low: Uint32Array): (digest: Digest) => number {
  const bits = Math.max(1, Math.floor(Math.log2(high.length / leastRowsASpan)))
  const shift = 32 - bits
  // One more each than the row, so that 0 is: not asked for yet.
  const starts = new Uint32Array(2 ** bits + 1)

  // One request asks for one digest several times over: for each mirror, and for the event. By words, for
  // to compare two texts that are not the same one takes as long as to find the row.
  const last = new Uint32Array(2)
  let lastRow = find(0, 0)

  return (digest) => {
    readFingerprint(digest)
    const wantHigh = fingerprint[0]!
    const wantLow = fingerprint[1]!
    if (wantHigh === last[0] && wantLow === last[1]) return lastRow
    last[0] = wantHigh
    last[1] = wantLow
    lastRow = find(wantHigh, wantLow)
    return lastRow
  }

  function find(wantHigh: number, wantLow: number): number {
    const span = wantHigh >>> shift
    const from = (starts[span] || keepStart(span)) - 1
    let count = (starts[span + 1] || keepStart(span + 1)) - 1 - from
    // The middle first, in both columns: the memory of the second is then on its way while the first is
    // searched, which among a million rows takes a third off.
    const middle = from + (count >>> 1)
    if (low[middle] === wantLow && high[middle] === wantHigh) return middle
    // By arithmetic where a branch would come natural: which half it is, is a coin toss that processors
    // lose half the time.
    let row = from
    while (count > 1) {
      const half = count >>> 1
      row += half & -Number(high[row + half]! <= wantHigh)
      count -= half
    }
    // It is the last that is not above, so that those that share its first word stand before it.
    if (high[row] !== wantHigh) return -1
    return low[row] === wantLow ? row : findAmongSame(low, firstFrom(high, wantHigh), row, wantLow)
  }

  function keepStart(span: number): number {
    const start = firstFrom(high, span * 2 ** shift) + 1
    starts[span] = start
    return start
  }
}

/**
 * The first row whose word is at or above one (at most 2³²): looked for where it is in proportion, then as
 * many rows on as the words still lack, and by halves where that does not end soon.
 */
function firstFrom(high: Uint32Array, word: number): number {
  const rowsAWord = high.length / 0x1_0000_0000
  let from = 0
  let to = high.length
  let guess = Math.floor(word * rowsAWord)
  for (let guesses = 8; from < to; guesses--) {
    const at = guesses > 0 ? Math.max(from, Math.min(to - 1, guess)) : (from + to) >>> 1
    const lacking = word - high[at]!
    if (lacking > 0) from = at + 1
    else to = at
    guess = at + Math.trunc(lacking * rowsAWord)
  }
  return from
}

/** By halves, so that no choice of digests makes a search slow: where one word has many rows. */
function findAmongSame(low: Uint32Array, first: number, last: number, wantLow: number): number {
  let from = first
  let to = last
  while (from < to) {
    const at = (from + to) >>> 1
    if (low[at]! < wantLow) from = at + 1
    else to = at
  }
  return low[from] === wantLow ? from : -1
}
