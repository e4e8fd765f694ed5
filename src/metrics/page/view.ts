import type { PeriodReport, Report } from '../report.ts'
import type { Period } from '../traffic-record.ts'
import { periods } from '../traffic-record.ts'

/** What every part of the page is made from. */
export type View = {
  readonly report: Report
  /** The period that was chosen. */
  readonly period: PeriodReport
  /** Milliseconds since 1970; ages are told by it. */
  readonly nowMs: number
}

/** The period that a query asks for: the last day, unless it names another one. */
export function parsePeriod(text: string | undefined): Period {
  return periods.find((period) => period === text) ?? 'day'
}

/** A report as one period of it is looked at. */
export function viewPeriod(report: Report, period: Period, nowMs: number): View {
  return { report, period: report.periods.find((each) => each.period === period)!, nowMs }
}
