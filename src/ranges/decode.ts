import { innerFlag, openColumns } from '../core/address-table-format.ts'
import type { AddressTableColumns, Crc32 } from '../core/address-table-format.ts'
import { readMetadata } from '../core/address-table-metadata.ts'
import type { TableContent } from './encode.ts'
import type { Span } from './flatten.ts'

/**
 * What a table's bytes say: the inverse of `encodeTable`. Throws an Error for what is not a table.
 */
export function decodeTable(bytes: Uint8Array, crc32: Crc32): TableContent {
  const columns = openColumns(bytes, crc32)
  return { ...readMetadata(columns.metadata), ipv4: ipv4Spans(columns), ipv6: ipv6Spans(columns) }
}

function ipv4Spans({ ipv4Tops, ipv4Groups, ipv4Spans: words }: AddressTableColumns): Span[] {
  let group = 0
  return Array.from(words, (word, at) => {
    while (ipv4Groups[group + 1]! <= at) group++
    return { start: BigInt(ipv4Tops[group]! * 0x1_0000 + (word >>> 16)), answer: word & 0xffff }
  })
}

function ipv6Spans(columns: AddressTableColumns): Span[] {
  const { ipv6Tops, ipv6Groups, ipv6Lows, ipv6Answers } = columns
  let group = 0
  const spans = Array.from(ipv6Lows, (low, at) => {
    while (ipv6Groups[group + 1]! <= at) group++
    const start = join(ipv6Tops[group]!, low) << 64n
    const answer = ipv6Answers[at]!
    return answer < innerFlag ? [{ start, answer }] : innerSpans(columns, answer - innerFlag, start)
  }).flat()
  // Around a divided /64 there are spans that only the format has need of.
  return spans.filter(({ answer }, at) => answer !== spans[at - 1]?.answer)
}

function innerSpans(columns: AddressTableColumns, group: number, network: bigint): Span[] {
  const { innerGroups, innerHighs, innerLows, innerAnswers } = columns
  const [from, to] = innerGroups.subarray(group, group + 2)
  return Array.from(innerAnswers.subarray(from, to), (answer, at) => ({
    start: network + join(innerHighs[from! + at]!, innerLows[from! + at]!),
    answer,
  }))
}

function join(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
