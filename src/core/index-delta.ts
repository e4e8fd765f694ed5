import type { IndexColumns } from './blob-index.ts'
import { IndexError, indexColumns, indexHeaderBytes, sealOf } from './blob-index.ts'

/**
 * What changed from one index to another, so that a reader that has the first moves nothing else.
 * Format (little-endian, every column aligned to its width):
 *
 * | offset | what |
 * |---|---|
 * | 0 | magic `NEARDIFF` |
 * | 8 | u32 version, 1; u32 zero |
 * | 16 | SHA-256 of everything from byte 48 |
 * | 48 | f64 generation that it leads from; f64 generation that it leads to |
 * | 64 | SHA-256 of the file that it leads from |
 * | 96 | SHA-256 of the file that it leads to |
 * | 128 | u32 length H of that file's head; u32 rows removed R; u32 rows put P; u32 length S of a bit set |
 * | 144 | all of that file before its columns, H bytes |
 * | … | R × u32, R × u32: the rows that are no longer there, by the first eight bytes of their digests; sorted |
 * | … | P × u32, P × u32, P × f64, P × S bytes: the rows that are new, or another, as an index has them; sorted |
 *
 * What comes of it is the other file, byte for byte, so that its own SHA-256 says whether all went
 * right.
 */
export type IndexDeltaFile = {
  readonly from: number
  readonly to: number
  readonly fromSha256: Uint8Array
  readonly toSha256: Uint8Array
  readonly head: Uint8Array
  readonly setBytes: number
  readonly removed: Pick<IndexColumns, 'high' | 'low'>
  readonly put: Pick<IndexColumns, 'high' | 'low' | 'sizes' | 'sets'>
}

export const deltaMagic = 'NEARDIFF'
export const deltaVersion = 1
export const deltaHeaderBytes = 144

/**
 * Opens a delta, whose bytes begin at a multiple of eight in their memory. `sha256` is the hash of
 * `hashedPart(bytes)`. Throws IndexError for anything that is not a whole delta of this version.
 */
export function openIndexDelta(bytes: Uint8Array, sha256: Uint8Array): IndexDeltaFile {
  if (bytes.length < deltaHeaderBytes) {
    throw new IndexError(`wanted a delta of ${deltaHeaderBytes} bytes or more, got ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const magic = String.fromCharCode(...bytes.subarray(0, 8))
  if (magic !== deltaMagic || view.getUint32(8, true) !== deltaVersion || view.getUint32(12) > 0) {
    throw new IndexError(`wanted a delta of version ${deltaVersion}`)
  }
  const seal = sealOf(bytes)
  if (sha256.length !== seal.length || !seal.every((byte, at) => byte === sha256[at])) {
    throw new IndexError('the delta is damaged: its SHA-256 is not the one in its header')
  }
  const [headBytes, removed, put, setBytes] = [128, 132, 136, 140].map((at) =>
    view.getUint32(at, true),
  ) as [number, number, number, number]
  const wanted = deltaHeaderBytes + headBytes + 8 * removed + put * (16 + setBytes)
  if (bytes.length !== wanted || headBytes < indexHeaderBytes || headBytes % 8 > 0) {
    throw new IndexError(`wanted ${wanted} bytes by the delta's own counts, got ${bytes.length}`)
  }
  const first = deltaHeaderBytes + headBytes
  const words = (from: number, rows: number) =>
    new Uint32Array(bytes.buffer, bytes.byteOffset + from, rows)
  const second = first + 8 * removed
  const sizes = second + 8 * put
  return {
    from: view.getFloat64(48, true),
    to: view.getFloat64(56, true),
    fromSha256: bytes.subarray(64, 96),
    toSha256: bytes.subarray(96, 128),
    head: bytes.subarray(deltaHeaderBytes, first),
    setBytes,
    removed: { high: words(first, removed), low: words(first + 4 * removed, removed) },
    put: {
      high: words(second, put),
      low: words(second + 4 * put, put),
      sizes: new Float64Array(bytes.buffer, bytes.byteOffset + sizes, put),
      sets: bytes.subarray(sizes + 8 * put),
    },
  }
}

/** So many rows of a column are copied at once: a millisecond or two, where one in a hundred is another. */
const rowsAtOnce = 1 << 17

/**
 * Makes the file that a delta leads to of the one it leads from, which is an aligned index: a new one,
 * in steps between which whoever runs it may see to other things. Rows are found by halving and what
 * lies between is copied as it is, which takes two thirds of what looking at each takes where one in a
 * hundred is another. Throws IndexError where they do not belong together; that nothing else went wrong
 * is for the new file's SHA-256 to say.
 */
export function* applyIndexDelta(
  base: Uint8Array,
  { head, setBytes, removed, put }: IndexDeltaFile,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const old = indexColumns(base)
  if (old.setBytes !== setBytes) throw new IndexError('the delta is of an index of other mirrors')
  const { runs, places, blobs } = planMerge(old, removed, put)
  yield

  const bytes = new Uint8Array(head.length + blobs * (16 + setBytes))
  bytes.set(head)
  const made = indexColumns(bytes)
  for (const [from, to, putThere, width] of [
    [old.high, made.high, put.high, 1],
    [old.low, made.low, put.low, 1],
    [old.sizes, made.sizes, put.sizes, 1],
    [old.sets, made.sets, put.sets, setBytes],
  ] as const) {
    yield* copyRuns(from, to, runs, width)
    for (let row = 0; row < places.length; row++) {
      for (let at = 0; at < width; at++) to[places[row]! * width + at] = putThere[row * width + at]!
    }
    yield
  }
  return bytes
}

/** Where the rows of a merge come from and go to. */
type Merge = {
  /** Of rows that stay: the first of them, the one after them, and where they go; three numbers each. */
  readonly runs: Uint32Array
  /** Where each row that is put goes. */
  readonly places: Uint32Array
  readonly blobs: number
}

function planMerge(
  old: IndexColumns,
  removed: IndexDeltaFile['removed'],
  put: IndexDeltaFile['put'],
): Merge {
  const [removals, puts] = [removed.high.length, put.high.length]
  const runs = new Uint32Array(3 * (removals + puts + 1))
  const places = new Uint32Array(puts)
  let [run, next, blobs, removal, placed] = [0, 0, 0, 0, 0]
  const keepUpTo = (row: number) => {
    runs.set([next, row, blobs], run)
    run += 3
    blobs += row - next
  }
  while (removal < removals || placed < puts) {
    const isRemoval =
      placed === puts ||
      (removal < removals && isBefore(removed, removal, put.high[placed]!, put.low[placed]!))
    const [high, low] = isRemoval
      ? [removed.high[removal]!, removed.low[removal]!]
      : [put.high[placed]!, put.low[placed]!]
    const row = firstFrom(next, old, high, low)
    const isThere = old.high[row] === high && old.low[row] === low
    keepUpTo(row)
    next = isThere ? row + 1 : row
    if (!isRemoval) places[placed++] = blobs++
    else if (isThere) removal++
    else throw new IndexError('the delta removes a blob that the index does not have')
  }
  keepUpTo(old.blobs)
  return { runs, places, blobs }
}

/** The first row from `next` on that is not before these eight bytes: steps that double, then halves. */
function firstFrom(next: number, rows: IndexColumns, high: number, low: number): number {
  let step = 1
  let to = next
  let from = next
  while (to < rows.blobs && isBefore(rows, to, high, low)) {
    from = to + 1
    to += step
    step *= 2
  }
  to = Math.min(to, rows.blobs)
  while (from < to) {
    const middle = (from + to) >>> 1
    if (isBefore(rows, middle, high, low)) from = middle + 1
    else to = middle
  }
  return from
}

function isBefore(
  rows: IndexDeltaFile['removed'],
  row: number,
  high: number,
  low: number,
): boolean {
  return rows.high[row] === high ? rows.low[row]! < low : rows.high[row]! < high
}

function* copyRuns<T extends Uint32Array | Float64Array | Uint8Array>(
  source: T,
  target: T,
  runs: Uint32Array,
  width: number,
): Generator<void, void> {
  let left = rowsAtOnce
  for (let run = 0; run < runs.length; run += 3) {
    const shift = runs[run + 2]! - runs[run]!
    for (let from = runs[run]!; from < runs[run + 1]!;) {
      const to = Math.min(runs[run + 1]!, from + left)
      target.set(source.subarray(from * width, to * width), (from + shift) * width)
      left -= to - from
      from = to
      if (left > 0) continue
      yield
      left = rowsAtOnce
    }
  }
}
