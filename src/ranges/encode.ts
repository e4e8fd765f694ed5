import type { Crc32 } from '../core/address-table-format.ts'
import { allocateTable, innerFlag, sealTable } from '../core/address-table-format.ts'
import type { AddressTableMetadata } from '../core/address-table-metadata.ts'
import { writeMetadata } from '../core/address-table-metadata.ts'
import type { Span } from './flatten.ts'

/**
 * What a table's bytes say: the spans of both families, with answers as address-table-format.ts has
 * them.
 */
export type TableContent = AddressTableMetadata & {
  readonly ipv4: readonly Span[]
  readonly ipv6: readonly Span[]
}

const low16 = 0xffffn
const low32 = 0xffff_ffffn
const low64 = 0xffff_ffff_ffff_ffffn

/**
 * The table's bytes: the same ones for the same content. Throws an Error when it has grown past
 * what they can count.
 */
export function encodeTable(content: TableContent, crc32: Crc32): Uint8Array {
  const { outer, inner } = divideAt64(content.ipv6)
  const ipv4Uppers = content.ipv4.map(({ start }) => Number(start >> 16n))
  const ipv4Tops = [...new Set(ipv4Uppers)]
  const ipv6Uppers = outer.map(({ start }) => Number(start >> 32n))
  const ipv6Tops = [...new Set(ipv6Uppers)]
  const innerSpans = inner.flat()
  const metadata = writeMetadata(content)
  refuseMore('IPv4 spans', content.ipv4.length, 0xffff)
  refuseMore('IPv6 spans', outer.length, 0xffff)
  refuseMore('divided IPv6 networks', inner.length, innerFlag - 1)
  refuseMore('locations', content.locations.length, innerFlag / 2 - 1)

  const { bytes, columns } = allocateTable({
    ipv4Spans: content.ipv4.length,
    ipv4Tops: ipv4Tops.length,
    ipv6Tops: ipv6Tops.length,
    ipv6Spans: outer.length,
    innerGroups: inner.length,
    innerSpans: innerSpans.length,
    metadata: metadata.length,
  })
  columns.ipv4Spans.set(
    content.ipv4.map(({ start, answer }) => Number(start & low16) * 0x1_0000 + answer),
  )
  columns.ipv4Tops.set(ipv4Tops)
  columns.ipv4Groups.set(startsOfRuns(ipv4Uppers))
  columns.ipv6Tops.set(ipv6Tops)
  columns.ipv6Groups.set(startsOfRuns(ipv6Uppers))
  columns.ipv6Lows.set(outer.map(({ start }) => Number(start & low32)))
  columns.ipv6Answers.set(outer.map(({ answer }) => answer))
  columns.innerGroups.set(startsOfRuns(inner.flatMap((spans, group) => spans.map(() => group))))
  columns.innerHighs.set(innerSpans.map(({ start }) => Number((start >> 32n) & low32)))
  columns.innerLows.set(innerSpans.map(({ start }) => Number(start & low32)))
  columns.innerAnswers.set(innerSpans.map(({ answer }) => answer))
  columns.metadata.set(metadata)
  sealTable(bytes, crc32)
  return bytes
}

/**
 * The spans that start on a /64, by its number, and the /64s that are divided further. Where one
 * is, the outer list has its inner group's number in place of an answer, and a span of its own for
 * the /64 after it.
 */
function divideAt64(spans: readonly Span[]): {
  readonly outer: readonly Span[]
  readonly inner: readonly (readonly Span[])[]
} {
  const outer: Span[] = []
  const inner: Span[][] = []
  let divided: bigint | undefined
  for (const [at, { start, answer }] of spans.entries()) {
    const network = start >> 64n
    if ((start & low64) === 0n) {
      put(network, answer)
      continue
    }
    if (divided !== network) {
      inner.push([{ start: 0n, answer: spans[at - 1]!.answer }])
      put(network, innerFlag + inner.length - 1)
      divided = network
    }
    inner.at(-1)!.push({ start: start & low64, answer })

    const next = spans[at + 1]
    const ends = next === undefined || next.start >> 64n !== network
    if (ends && network < low64) put(network + 1n, answer)
  }
  return { outer, inner }

  function put(start: bigint, answer: number): void {
    if (outer.at(-1)?.start === start) outer.pop()
    outer.push({ start, answer })
  }
}

/** Where each run of equal values starts, and where the last one ends. */
function startsOfRuns(values: readonly number[]): number[] {
  const starts = values.flatMap((value, at) => (value === values[at - 1] ? [] : [at]))
  return [...starts, values.length]
}

function refuseMore(what: string, came: number, most: number): void {
  if (came > most) throw new Error(`a table has room for ${most} ${what}, came ${came}`)
}
