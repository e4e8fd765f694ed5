import type { IndexColumns } from './blob-index.ts'
import { alignedIndex, indexColumns } from './blob-index.ts'
import { putText } from './blob-index-writer.ts'
import { deltaHeaderBytes, deltaMagic, deltaVersion } from './index-delta.ts'

/** The bytes of an index, and the SHA-256 of all of them. */
export type HashedIndex = { readonly bytes: Uint8Array; readonly sha256: Uint8Array }

/**
 * Writes what leads from one index to another, in the form index-delta.ts tells, with no hash yet:
 * `sealIndex` puts that of `hashedPart` in. Undefined where their bit sets differ in length: all rows
 * would be other ones.
 */
export function writeIndexDelta(from: HashedIndex, to: HashedIndex): Uint8Array | undefined {
  const [old, fresh] = [from, to].map(({ bytes }) => indexColumns(alignedIndex(bytes))) as [
    IndexColumns,
    IndexColumns,
  ]
  const { setBytes, start } = fresh
  if (old.setBytes !== setBytes) return undefined
  let [removed, put] = [0, 0]
  compareRows(old, fresh, { removed: () => removed++, put: () => put++ })

  const bytes = new Uint8Array(deltaHeaderBytes + start + 8 * removed + put * (16 + setBytes))
  const view = new DataView(bytes.buffer)
  putText(bytes, 0, deltaMagic)
  view.setUint32(8, deltaVersion, true)
  view.setFloat64(48, old.generation, true)
  view.setFloat64(56, fresh.generation, true)
  bytes.set(from.sha256, 64)
  bytes.set(to.sha256, 96)
  for (const [at, count] of [start, removed, put, setBytes].entries()) {
    view.setUint32(128 + 4 * at, count, true)
  }
  bytes.set(to.bytes.subarray(0, start), deltaHeaderBytes)

  const first = deltaHeaderBytes + start
  const second = first + 8 * removed
  let [gone, there] = [0, 0]
  compareRows(old, fresh, {
    removed(row) {
      view.setUint32(first + 4 * gone, old.high[row]!, true)
      view.setUint32(first + 4 * (removed + gone++), old.low[row]!, true)
    },
    put(row) {
      view.setUint32(second + 4 * there, fresh.high[row]!, true)
      view.setUint32(second + 4 * (put + there), fresh.low[row]!, true)
      view.setFloat64(second + 8 * (put + there), fresh.sizes[row]!, true)
      const set = fresh.sets.subarray(row * setBytes, (row + 1) * setBytes)
      bytes.set(set, second + 16 * put + setBytes * there++)
    },
  })
  return bytes
}

type Difference = {
  /** A row of the old index is not in the new one. */
  readonly removed: (row: number) => void
  /** A row of the new index is not in the old one, or not like that. */
  readonly put: (row: number) => void
}

/** Goes through two indexes together, in the order of their rows. */
function compareRows(old: IndexColumns, fresh: IndexColumns, difference: Difference): void {
  let [row, other] = [0, 0]
  while (row < old.blobs || other < fresh.blobs) {
    const order = orderOf(old, row, fresh, other)
    if (order < 0) difference.removed(row++)
    else if (order > 0) difference.put(other++)
    else {
      if (!isSame(old, row, fresh, other)) difference.put(other)
      row++
      other++
    }
  }
}

/** Below zero where the row comes first, above where the other does; behind the last comes nothing. */
function orderOf(rows: IndexColumns, row: number, others: IndexColumns, other: number): number {
  if (row === rows.blobs) return 1
  if (other === others.blobs) return -1
  return rows.high[row]! - others.high[other]! || rows.low[row]! - others.low[other]!
}

function isSame(rows: IndexColumns, row: number, others: IndexColumns, other: number): boolean {
  if (rows.sizes[row] !== others.sizes[other]) return false
  for (let byte = 0; byte < rows.setBytes; byte++) {
    if (rows.sets[row * rows.setBytes + byte] !== others.sets[other * rows.setBytes + byte]) {
      return false
    }
  }
  return true
}
