import { addressWords, readAddress } from './address.ts'
import { innerFlag } from './address-table-format.ts'
import type { AddressTableColumns } from './address-table-format.ts'

/**
 * From a textual address to its answer, as address-table-format.ts has it; 0 too for what is no
 * address. It allocates nothing: this is the one search that every blob request makes.
 */
export function createSearch(columns: AddressTableColumns): (text: string) => number {
  const { ipv4Spans, ipv6Tops, ipv6Groups, ipv6Lows, ipv6Answers } = columns
  const { innerGroups, innerHighs, innerLows, innerAnswers } = columns
  const ipv4Index = indexTops(columns)
  const { slots, shift } = hashTops(ipv6Tops)

  return (text) => {
    const family = readAddress(text)
    if (family === 4) return searchIpv4()
    return family === 6 ? searchIpv6() : 0
  }

  // The searches halve the spans with arithmetic where a branch would come natural: which half it
  // is, is a coin toss that processors lose half the time. They begin one span before the group,
  // which is the one that reaches into it.

  function searchIpv4(): number {
    const address = addressWords[0]!
    const slot = address >>> 16
    const bound = address & 0xffff
    let base = ipv4Index[slot]! - 1
    let count = ipv4Index[slot + 1]! - base
    while (count > 1) {
      const half = count >>> 1
      // All ones when the span starts after the address.
      const after = (bound - (ipv4Spans[base + half]! >>> 16)) >> 31
      base += half & ~after
      count -= half
    }
    return ipv4Spans[base]! & 0xffff
  }

  function searchIpv6(): number {
    const group = findGroup()
    const bound = addressWords[1]!
    let base = ipv6Groups[group]! - 1
    let count = ipv6Groups[group + 1]! - base
    // Past the group's own upper 32 bits, what its last span says holds until the next group.
    if (ipv6Tops[group] !== addressWords[0]) {
      base += count - 1
      count = 1
    }
    while (count > 1) {
      const half = count >>> 1
      base += half & -Number(ipv6Lows[base + half]! <= bound)
      count -= half
    }
    const answer = ipv6Answers[base]!
    return answer < innerFlag ? answer : searchInner(answer - innerFlag)
  }

  /** The last group whose upper 32 bits are at or below these. */
  function findGroup(): number {
    const top = addressWords[0]!
    // Most callers are in a group, and are spared the search by a hash.
    for (let slot = Math.imul(top, spread) >>> shift; slots[slot] !== 0; slot++) {
      const group = slots[slot]! - 1
      if (ipv6Tops[group] === top) return group
    }
    return searchTops()
  }

  function searchTops(): number {
    const top = addressWords[0]!
    let low = 0
    let high = ipv6Tops.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ipv6Tops[middle]! <= top) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  function searchInner(group: number): number {
    const upper = addressWords[2]!
    const lower = addressWords[3]!
    let low = innerGroups[group]!
    let high = innerGroups[group + 1]!
    while (low < high) {
      const middle = (low + high) >>> 1
      const start = innerHighs[middle]!
      if (start < upper || (start === upper && innerLows[middle]! <= lower)) low = middle + 1
      else high = middle
    }
    return innerAnswers[low - 1]!
  }
}

/**
 * For each upper 16 bits, and one past them: how many spans start below. So no IPv4 search leaves
 * one group.
 */
function indexTops({ ipv4Tops, ipv4Groups }: AddressTableColumns): Uint16Array {
  const index = new Uint16Array(0x1_0001).fill(ipv4Groups.at(-1)!)
  let next = 0
  for (let group = 0; group < ipv4Tops.length; group++) {
    const end = ipv4Tops[group]! + 1
    index.fill(ipv4Groups[group]!, next, end)
    next = end
  }
  return index
}

/** 2³² over the golden ratio: spreads the upper bits of prefixes that differ in few. */
const spread = 0x9e37_79b1

/** An open hash from the groups' upper 32 bits to their number plus one, at most a quarter full. */
function hashTops(tops: Uint32Array): { readonly slots: Uint16Array; readonly shift: number } {
  const bits = Math.ceil(Math.log2(tops.length * 4))
  const shift = 32 - bits
  // A run of taken slots at the end may go on past it, and must find an empty one there.
  const slots = new Uint16Array(2 ** bits + tops.length + 1)
  for (let group = 0; group < tops.length; group++) {
    let slot = Math.imul(tops[group]!, spread) >>> shift
    while (slots[slot] !== 0) slot++
    slots[slot] = group + 1
  }
  return { slots, shift }
}
