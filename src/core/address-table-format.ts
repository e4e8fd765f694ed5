/**
 * The compiled table's bytes: little-endian, every column aligned, so that reading it is laying
 * typed arrays over it.
 *
 * Addresses are flattened into disjoint spans: a span runs from its start to the next one's, and
 * neighbours with the same answer are one span. An answer is 0 for nobody's, or `1 + 2 × location +
 * (1 when the address is EC2's)`.
 *
 * Spans are grouped by the upper bits of their starts (`tops`); group `g` has the spans from
 * `groups[g]` up to, not including, `groups[g + 1]`. IPv4 groups are of 16 bits, and a span is one
 * word: the lower 16 bits of its start over its answer. IPv6 groups are of 32 bits, and their spans
 * start on a /64, by the next 32 bits (`lows`). An IPv6 answer with `innerFlag` stands for one /64
 * that is divided further, and the rest of it is the number of an inner group.
 */
export type AddressTableColumns = {
  readonly ipv4Tops: Uint16Array
  readonly ipv4Groups: Uint16Array
  readonly ipv4Spans: Uint32Array
  readonly ipv6Tops: Uint32Array
  readonly ipv6Groups: Uint16Array
  readonly ipv6Lows: Uint32Array
  readonly ipv6Answers: Uint16Array
  readonly innerGroups: Uint16Array
  readonly innerHighs: Uint32Array
  readonly innerLows: Uint32Array
  readonly innerAnswers: Uint16Array
  /** ASCII JSON: see `AddressTableMetadata`. */
  readonly metadata: Uint8Array
}

/** How many values each kind of column has; the rest of the layout follows from it. */
export type AddressTableCounts = {
  readonly ipv4Tops: number
  readonly ipv4Spans: number
  readonly ipv6Tops: number
  readonly ipv6Spans: number
  readonly innerGroups: number
  readonly innerSpans: number
  /** In bytes. */
  readonly metadata: number
}

export const innerFlag = 0x8000

const magic = 0x5441_504e // "NPAT" as it lies in the file
const version = 1
const headerWords = 11

/**
 * CRC-32 of some bytes, as zlib has it. Core is given one: what a platform has built in takes a
 * tenth of the time that ours would, before anything is compiled, and with it most of the time in
 * which a table is ready. It shows damage; it is no defence against a forger, who could as well
 * write a table.
 */
export type Crc32 = (bytes: Uint8Array) => number

/**
 * Lays columns over the bytes of a whole table, or throws an Error that says what of it is not one.
 */
export function openColumns(bytes: Uint8Array, crc32: Crc32): AddressTableColumns {
  // Node hands out views that begin anywhere in a pool; a word can be read only where it is
  // aligned. Not `slice`: a Buffer's is no copy.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  if (aligned.length < headerWords * 4) {
    throw notATable(`at least ${headerWords * 4} bytes`, `${aligned.length}`)
  }

  const header = new Uint32Array(aligned.buffer, aligned.byteOffset, headerWords)
  if (header[0] !== magic) throw notATable('the letters NPAT', `0x${header[0]!.toString(16)}`)
  if (header[1] !== version) throw notATable(`format version ${version}`, `${header[1]!}`)
  if (header[2] !== aligned.length) throw notATable(`${header[2]!} bytes`, `${aligned.length}`)
  const checksum = crc32(checkedPart(aligned))
  if (header[3] !== checksum) throw notATable(`checksum ${header[3]!}`, `${checksum}`)

  const counts: AddressTableCounts = {
    ipv4Tops: header[4]!,
    ipv4Spans: header[5]!,
    ipv6Tops: header[6]!,
    ipv6Spans: header[7]!,
    innerGroups: header[8]!,
    innerSpans: header[9]!,
    metadata: header[10]!,
  }
  const wanted = byteLengthOf(counts)
  if (wanted !== aligned.length) throw notATable(`columns of ${wanted} bytes`, `${aligned.length}`)
  return layColumns(aligned, counts)
}

/** The bytes of a table with nothing in its columns yet: fill them, then `sealTable`. */
export function allocateTable(counts: AddressTableCounts): {
  readonly bytes: Uint8Array
  readonly columns: AddressTableColumns
} {
  const bytes = new Uint8Array(byteLengthOf(counts))
  const header = new Uint32Array(bytes.buffer, 0, headerWords)
  header.set([magic, version, bytes.length, 0])
  header.set(
    [
      counts.ipv4Tops,
      counts.ipv4Spans,
      counts.ipv6Tops,
      counts.ipv6Spans,
      counts.innerGroups,
      counts.innerSpans,
      counts.metadata,
    ],
    4,
  )
  return { bytes, columns: layColumns(bytes, counts) }
}

/** Writes the checksum of a table whose columns are complete. */
export function sealTable(bytes: Uint8Array, crc32: Crc32): void {
  new Uint32Array(bytes.buffer, bytes.byteOffset, headerWords)[3] = crc32(checkedPart(bytes))
}

function byteLengthOf(counts: AddressTableCounts): number {
  const { ipv4Tops, ipv4Spans, ipv6Tops, ipv6Spans, innerGroups, innerSpans, metadata } = counts
  const words = headerWords + ipv4Spans + ipv6Tops + ipv6Spans + 2 * innerSpans
  const groups = 2 * ipv4Tops + ipv6Tops + innerGroups + 3
  const halves = groups + ipv6Spans + innerSpans
  return Math.ceil((4 * words + 2 * halves + metadata) / 4) * 4
}

function layColumns(bytes: Uint8Array, counts: AddressTableCounts): AddressTableColumns {
  let offset = bytes.byteOffset + headerWords * 4
  const words = (length: number): Uint32Array => {
    offset += length * 4
    return new Uint32Array(bytes.buffer, offset - length * 4, length)
  }
  const halves = (length: number): Uint16Array => {
    offset += length * 2
    return new Uint16Array(bytes.buffer, offset - length * 2, length)
  }
  return {
    ipv4Spans: words(counts.ipv4Spans),
    ipv6Tops: words(counts.ipv6Tops),
    ipv6Lows: words(counts.ipv6Spans),
    innerHighs: words(counts.innerSpans),
    innerLows: words(counts.innerSpans),
    ipv4Tops: halves(counts.ipv4Tops),
    ipv4Groups: halves(counts.ipv4Tops + 1),
    ipv6Groups: halves(counts.ipv6Tops + 1),
    ipv6Answers: halves(counts.ipv6Spans),
    innerGroups: halves(counts.innerGroups + 1),
    innerAnswers: halves(counts.innerSpans),
    metadata: new Uint8Array(bytes.buffer, offset, counts.metadata),
  }
}

/**
 * What the checksum covers: everything after it. What is before it is compared with what it must
 * be.
 */
function checkedPart(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(16)
}

function notATable(wanted: string, came: string): Error {
  return new Error(`not a table of address ranges: wanted ${wanted}, came ${came}`)
}
