import type { Nanodollars } from '../core/money.ts'
import { exactDollars } from '../core/money.ts'
import type { Report } from './report.ts'

/**
 * A report for machines, with the same keys as `Report`. Every amount of money is a text of US
 * dollars with all its decimals, as in `"1203.33"`, and never a float that drifts; what nobody
 * knows is `null`. Times are in milliseconds since 1970 (`…Ms`), sizes in bytes.
 */
export type ReportJson = Json<Report>

/** A value as JSON has it: amounts of money as texts, what is undefined as `null`. */
type Json<T> = T extends Nanodollars
  ? string
  : T extends undefined
    ? null
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T

/** A report as `/report.json` and `nearport report --json` give it. */
export function reportJson(report: Report): ReportJson {
  return jsonOf(report) as ReportJson
}

function jsonOf(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return exactDollars(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonOf(each)]))
}
