import type { AddressFamily } from '../../src/core/address.ts'
import { addressText } from '../../src/ranges/address-text.ts'
import type { TableContent } from '../../src/ranges/encode.ts'
import { familySize } from '../../src/ranges/prefix.ts'
import { createRandom } from './parts/random.ts'

/** Addresses as text, each list shuffled, by what is asked of a table. */
export type AddressSamples = Readonly<Record<string, readonly string[]>>

const listLength = 8192

/**
 * Addresses drawn from a table. In the mix, an IPv4 hit is any of the clouds' addresses with equal
 * chance, as callers are; "by span" draws a span first, which finds the densest corners of the
 * table. IPv6 is always drawn by span: by address, nearly all would be in the few largest.
 */
export function drawSamples(content: TableContent): AddressSamples {
  const random = createRandom(20_260_729)
  const ipv4 = spansOf(content, 4)
  const ipv6 = spansOf(content, 6)
  const hit = (span: Span): boolean => span.answer !== 0
  const miss = (span: Span): boolean => span.answer === 0

  const ipv4Hits = drawByAddress(ipv4.filter(hit), random)
  const ipv4Misses = drawBySpan(4, ipv4.filter(miss), random)
  const ipv6Hits = drawBySpan(6, ipv6.filter(hit), random)
  const ipv6Misses = drawBySpan(6, ipv6.filter(miss), random)
  const mix = ipv4Hits.map((_, at) => {
    const share = random()
    if (share < 0.5) return ipv4Hits[at]!
    if (share < 0.7) return ipv4Misses[at]!
    return share < 0.9 ? ipv6Hits[at]! : ipv6Misses[at]!
  })
  return {
    'mix: 50 % IPv4 hits, 20 % IPv4 misses, 20 % IPv6 hits, 10 % IPv6 misses': fresh(mix),
    'IPv4 hits': ipv4Hits,
    'IPv4 hits by span': drawBySpan(4, ipv4.filter(hit), random),
    'IPv4 misses': ipv4Misses,
    'IPv6 hits': ipv6Hits,
    'IPv6 misses': ipv6Misses,
  }
}

/** A table's spans that belong to somebody, as the CIDR prefixes that other libraries want. */
export function prefixesOf(content: TableContent, family: AddressFamily): readonly string[] {
  const bits = family === 4 ? 32 : 128
  return spansOf(content, family).flatMap(({ start, end, answer }) => {
    const prefixes: string[] = []
    if (answer === 0) return prefixes
    for (let at = start; at < end;) {
      let length = bits
      let size = 1n
      while (at % (size * 2n) === 0n && at + size * 2n <= end) {
        size *= 2n
        length--
      }
      prefixes.push(`${addressText(family, at)}/${length}`)
      at += size
    }
    return prefixes
  })
}

type Span = { readonly start: bigint; readonly end: bigint; readonly answer: number }

function spansOf(content: TableContent, family: AddressFamily): readonly Span[] {
  const spans = family === 4 ? content.ipv4 : content.ipv6
  return spans.map((span, at) => ({ ...span, end: spans[at + 1]?.start ?? familySize[family] }))
}

function drawBySpan(family: AddressFamily, spans: readonly Span[], random: () => number): string[] {
  return Array.from({ length: listLength }, () => {
    const { start, end } = spans[Math.floor(random() * spans.length)]!
    const size = end - start
    // Enough random bits for the widest span, and a few to even out the remainder.
    let offset = 0n
    for (let words = 0; words < 5; words++) {
      offset = (offset << 32n) | BigInt(Math.floor(random() * 2 ** 32))
    }
    return addressText(family, start + (offset % size))
  })
}

function drawByAddress(spans: readonly Span[], random: () => number): string[] {
  const total = spans.reduce((sum, { start, end }) => sum + Number(end - start), 0)
  const chosen = Array.from({ length: listLength }, () => Math.floor(random() * total))
  const texts: string[] = []
  let below = 0
  let span = 0
  // One pass over the spans, so the choices go in order; the shuffle at the end undoes it.
  for (const choice of chosen.toSorted((a, b) => a - b)) {
    while (choice - below >= Number(spans[span]!.end - spans[span]!.start)) {
      below += Number(spans[span]!.end - spans[span]!.start)
      span++
    }
    texts.push(addressText(4, spans[span]!.start + BigInt(choice - below)))
  }
  const order = texts.map((text) => ({ text, key: random() })).toSorted((a, b) => a.key - b.key)
  return fresh(order.map(({ text }) => text))
}

/**
 * Copies in memory order, as texts that were just read are: else it is the caches that are
 * measured.
 */
export function fresh(texts: readonly string[]): string[] {
  return texts.map((text) => Buffer.from(text).toString('latin1'))
}
