import type { Digest } from '../../core/digest.ts'
import { DigestTable, grown } from '../../core/digest-table.ts'
import type { LedgerRecord } from '../../core/ledger.ts'
import {
  digestOfLedgerLine,
  ledgerHeader,
  parseLedgerLine,
  writeLedgerLine,
} from '../../core/ledger.ts'

/**
 * What was known of manifests before this run, and what it has learnt. Records are kept as the
 * lines they are stored as, and read when they are asked for: a hundred thousand take 30 MB.
 */
export type Ledger = {
  readonly size: () => number
  /** The record of a manifest, which is used from now on. */
  readonly find: (digest: Digest) => LedgerRecord | undefined
  /** Notes a record, in the place of one that is there. */
  readonly put: (record: LedgerRecord) => void
  /** Takes the records of a stored part; those that are there already stay. Whether it is whole. */
  readonly load: (text: Uint8Array, isOwn: boolean) => boolean
  /** The lines to be stored, each with its end: what this run used, and what is `kept` beside it. */
  readonly lines: (kept: 'used' | 'own' | 'all') => Iterable<Uint8Array>
  /** Whether what is to be stored is another than what was loaded as this part. */
  readonly hasChanged: (kept: 'used' | 'own' | 'all') => boolean
}

/** Flags of a row. */
const used = 1
/** It came with the part of the ledger that this run writes. */
const own = 2
/** It is not as it was loaded. */
const fresh = 4

/** Creates an empty ledger. */
export function createLedger(): Ledger {
  const digests = new DigestTable()
  const texts: Uint8Array[] = []
  let flags = new Uint8Array(64)
  /** Where a row's line is: which text, and from and to which byte of it. */
  let places = new Uint32Array(64 * 3)
  let ownLoaded = 0
  let pending = Buffer.alloc(0)
  let pendingPlace = 0
  let pendingLength = 0

  return {
    size: () => digests.size,
    find(digest) {
      const row = digests.find(digest)
      if (row < 0) return undefined
      flags[row]! |= used
      return parseLedgerLine(Buffer.from(lineIn(row)).toString())
    },
    put(record) {
      const line = Buffer.from(writeLedgerLine(record))
      const row = digests.add(record.digest)
      makeRoom(row)
      append(row, line)
      flags[row]! |= used | fresh
    },
    load,
    *lines(kept) {
      yield Buffer.from(`${ledgerHeader}\n`)
      for (let row = 0; row < digests.size; row++) {
        if (!isKept(row, kept)) continue
        yield lineIn(row)
        yield lineEnd
      }
    },
    hasChanged(kept) {
      let count = 0
      for (let row = 0; row < digests.size; row++) {
        if (!isKept(row, kept)) continue
        if ((flags[row]! & fresh) !== 0 || (flags[row]! & own) === 0) return true
        count++
      }
      return count !== ownLoaded
    },
  }

  function load(text: Uint8Array, isOwn: boolean): boolean {
    const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
    const place = texts.push(text) - 1
    let isWhole = buffer.subarray(0, ledgerHeader.length + 1).toString() === `${ledgerHeader}\n`
    if (!isWhole) return false
    for (let from = ledgerHeader.length + 1; from < buffer.length;) {
      const to = buffer.indexOf(lineEnd[0]!, from)
      const digest =
        to < 0 ? undefined : digestOfLedgerLine(buffer.toString('latin1', from, from + 84))
      if (digest === undefined) isWhole = false
      else take(digest, place, from, to, isOwn)
      if (to < 0) break
      from = to + 1
    }
    return isWhole
  }

  function take(digest: Digest, place: number, from: number, to: number, isOwn: boolean): void {
    const count = digests.size
    const row = digests.add(digest)
    if (isOwn && (row === count || (flags[row]! & own) === 0)) ownLoaded++
    if (row === count) {
      makeRoom(row)
      places.set([place, from, to], row * 3)
    }
    if (isOwn) flags[row]! |= own
  }

  function isKept(row: number, kept: 'used' | 'own' | 'all'): boolean {
    if (kept === 'all' || (flags[row]! & used) !== 0) return true
    return kept === 'own' && (flags[row]! & own) !== 0
  }

  function lineIn(row: number): Uint8Array {
    const [text, from, to] = places.subarray(row * 3, row * 3 + 3)
    return texts[text!]!.subarray(from, to)
  }

  /** New lines share a text of a megabyte: an array of its own for each would cost more. */
  function append(row: number, line: Buffer): void {
    if (pendingLength + line.length > pending.length) {
      pending = Buffer.alloc(Math.max(1_048_576, line.length))
      pendingLength = 0
      pendingPlace = texts.push(pending) - 1
    }
    line.copy(pending, pendingLength)
    places.set([pendingPlace, pendingLength, pendingLength + line.length], row * 3)
    pendingLength += line.length
  }

  function makeRoom(row: number): void {
    if (row < flags.length) return
    flags = grown(flags)
    places = grown(places)
  }
}

const lineEnd = Buffer.from('\n')
