import type { AddressFamily } from '../core/address.ts'
import { familySize } from './prefix.ts'
import type { Prefix } from './prefix.ts'

/**
 * From `start` to the next span's, or to the family's last address, every address has this answer.
 */
export type Span = { readonly start: bigint; readonly answer: number }

/** A prefix, and what is answered for the addresses that it is the longest prefix of. */
export type AnsweredPrefix = Prefix & { readonly answer: number }

/**
 * Nested prefixes of one family as sorted disjoint spans: at each address the longest prefix that
 * has it answers, and 0 where none has. The first span starts at 0, and no two neighbours have the
 * same answer. Where a prefix is given more than once, the last of them answers.
 */
export function flatten(
  family: AddressFamily,
  prefixes: readonly AnsweredPrefix[],
): readonly Span[] {
  const spans: Span[] = [{ start: 0n, answer: 0 }]
  const open: AnsweredPrefix[] = []

  // Of those that start at the same address, the outer ones open first.
  const sorted = prefixes.toSorted((a, b) => compare(a.start, b.start) || a.length - b.length)
  for (const prefix of sorted) {
    close(prefix.start)
    begin(prefix.start, prefix.answer)
    open.push(prefix)
  }
  close(familySize[family])
  return spans

  /**
   * Ends the prefixes that end at this address or before it: after each, the one around it answers
   * again.
   */
  function close(address: bigint): void {
    for (let inner = open.at(-1); inner && inner.end <= address; inner = open.at(-1)) {
      open.pop()
      begin(inner.end, open.at(-1)?.answer ?? 0)
    }
  }

  function begin(start: bigint, answer: number): void {
    if (start < familySize[family]) append(spans, start, answer)
  }
}

/** Lays two lists of spans over each other: at each address, `combine` of what both answer. */
export function overlay(
  one: readonly Span[],
  other: readonly Span[],
  combine: (one: number, other: number) => number,
): readonly Span[] {
  const spans: Span[] = []
  let a = 0
  let b = 0
  while (a < one.length || b < other.length) {
    const start = earlier(one[a]?.start, other[b]?.start)
    if (one[a]?.start === start) a++
    if (other[b]?.start === start) b++
    append(spans, start, combine(one[a - 1]!.answer, other[b - 1]!.answer))
  }
  return spans
}

/** A span at the same start takes the last one's place; one with the same answer is part of it. */
function append(spans: Span[], start: bigint, answer: number): void {
  if (spans.at(-1)?.start === start) spans.pop()
  if (spans.at(-1)?.answer !== answer) spans.push({ start, answer })
}

function earlier(a: bigint | undefined, b: bigint | undefined): bigint {
  if (a === undefined || b === undefined) return (a ?? b)!
  return a < b ? a : b
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b)
}
