import type { Report, Ways } from '../report.ts'

/** A stretch of the last day, and what was pulled in it. Times are in milliseconds since 1970. */
export type TimeSlot = Ways & { readonly startMs: number; readonly endMs: number }

const hourMs = 3_600_000
const quarterMs = hourMs / 4
const dayMs = 24 * hourMs

/**
 * The quarters of a report with their beginnings, cut to the day that ends with it. Where nothing
 * was asked for, the record leaves quarters out: what a slot holds came in the one before its end.
 */
export function timeSlots({ quarters, madeAtMs }: Report): readonly TimeSlot[] {
  const fromMs = madeAtMs - dayMs
  return quarters
    .map((quarter, index) => {
      const lastEndMs = quarters[index - 1]?.endMs ?? fromMs
      return { ...quarter, startMs: Math.max(lastEndMs, quarter.endMs - quarterMs, fromMs) }
    })
    .filter(({ startMs, endMs }) => endMs > startMs)
}

/** How far a moment is into the day that ends at `endMs`, from 0 to 1. */
export function shareOfDay(ms: number, endMs: number): number {
  return Math.min(1, Math.max(0, (ms - (endMs - dayMs)) / dayMs))
}

/** Every sixth hour, as UTC counts them, in the day that ends at `endMs`. */
export function dayMarks(endMs: number): readonly number[] {
  const stepMs = 6 * hourMs
  const last = Math.floor(endMs / stepMs) * stepMs
  return [3, 2, 1, 0].map((back) => last - back * stepMs)
}

/** The least round number that is no less than an amount: where an axis ends. */
export function axisEnd(amount: number): number {
  if (amount <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(amount))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((end) => end >= amount)!
}
