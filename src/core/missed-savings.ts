import type { Accounting } from './accounting.ts'
import { sumMoney } from './accounting.ts'
import { dayMs, monthMs } from './hot-set.ts'
import type { Nanodollars } from './money.ts'
import { sumOf } from './money.ts'
import type { Advice } from './savings-advice.ts'
import { adviseOn } from './savings-advice.ts'
import type { MissedSavingsTerms, TrafficGroup } from './savings-terms.ts'
import type { TallyRow } from './tally.ts'

/** Bytes that cost money on their way, alike in reason and place, and what would keep them. */
export type MissedSaving = Omit<TrafficGroup, 'rows'> & {
  /** What they cost the publisher a month at this rate; undefined: no price is known. */
  readonly costAMonth: Nanodollars | undefined
  /** What would be left of that, all costs of the advice counted; undefined: nobody can say. */
  readonly savesAMonth: Nanodollars | undefined
  readonly advice: Advice
}

const hourMs = dayMs / 24

/**
 * Finds what cost money and need not: blobs that went to the upstream, and those that came from a
 * mirror that is not free to their clients. What saves most comes first; what nobody can say the
 * saving of, after what is known, by its cost.
 */
export function findMissedSavings(terms: MissedSavingsTerms): readonly MissedSaving[] {
  const factor = Number(monthMs) / Math.max(terms.lengthMs, hourMs)
  const meanBytes = meanBlobBytes(terms.rows)
  const found = groupRows(terms.rows, terms.accounting, meanBytes).map((group): MissedSaving => {
    const costAMonth = monthlyCost(group, terms.accounting, meanBytes, factor)
    const { advice, leftCostAMonth } = adviseOn(group, { ...terms, factor })
    const savesAMonth =
      costAMonth === undefined || leftCostAMonth === undefined
        ? undefined
        : costAMonth - leftCostAMonth
    const { rows: _, ...told } = group
    return { ...told, costAMonth, savesAMonth, advice }
  })
  return found.toSorted(byWorth)
}

/** What a blob's GET reads in the mean, where it is known; undefined: of none it is. */
function meanBlobBytes(rows: readonly TallyRow[]): number | undefined {
  let [bytes, sized] = [0, 0]
  for (const row of rows) {
    if (row.kind !== 'blob' || row.method !== 'GET') continue
    bytes += row.bytes
    sized += row.requests - row.unsized
  }
  return sized === 0 || bytes === 0 ? undefined : Math.round(bytes / sized)
}

function groupRows(
  rows: readonly TallyRow[],
  accounting: Accounting,
  meanBytes: number | undefined,
): readonly TrafficGroup[] {
  const groups = new Map<string, TallyRow[]>()
  for (const row of rows) {
    if (row.kind !== 'blob' || row.method !== 'GET' || !mayCost(row, accounting)) continue
    const key = [row.reason, locationOf(row), row.action === 'mirror' ? row.mirror : ''].join(' ')
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [row])
    else known.push(row)
  }
  return [...groups.values()].map((alike) => {
    const [first] = alike
    const sum = (pick: (row: TallyRow) => number) =>
      alike.reduce((total, row) => total + pick(row), 0)
    const unsized = sum((row) => row.unsized)
    return {
      reason: first!.reason,
      location: locationOf(first!),
      mirror: first!.action === 'mirror' ? first!.mirror : undefined,
      requests: sum((row) => row.requests),
      bytes: sum((row) => row.bytes),
      estimatedBytes: unsized * (meanBytes ?? 0),
      unsized,
      rows: alike,
    }
  })
}

/** Whatever the upstream sends, and what a mirror sends for more than nothing a byte. */
function mayCost(row: TallyRow, { moneyOf }: Accounting): boolean {
  if (row.action === 'upstream') return true
  if (row.action !== 'mirror' || row.reason === 'in-region') return false
  // Requests cost a little wherever they go: it is the bytes that could stay home.
  const money = moneyOf({ ...row, requests: 0 })
  return money === undefined || money.spent > 0n
}

function monthlyCost(
  group: TrafficGroup,
  accounting: Accounting,
  meanBytes: number | undefined,
  factor: number,
): Nanodollars | undefined {
  // Of none of them anything is known, so zero would be a lie.
  if (group.bytes === 0 && group.unsized > 0 && meanBytes === undefined) return undefined
  const costs = group.rows.map((row) => {
    const bytes = Math.round((row.bytes + row.unsized * (meanBytes ?? 0)) * factor)
    return accounting.moneyOf({ ...row, bytes, requests: Math.round(row.requests * factor) })
  })
  if (costs.some((cost) => cost === undefined)) return undefined
  return sumOf(costs.map((cost) => cost!.spent))
}

function byWorth(a: MissedSaving, b: MissedSaving): number {
  return (
    compare(b.savesAMonth, a.savesAMonth) ||
    compare(b.costAMonth, a.costAMonth) ||
    b.bytes + b.estimatedBytes - a.bytes - a.estimatedBytes ||
    b.requests - a.requests
  )
}

/** Less than nothing is what nobody knows. */
function compare(a: Nanodollars | undefined, b: Nanodollars | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return a < b ? -1 : Number(a > b)
}

function locationOf({ cloud, region }: TallyRow): string {
  return cloud === '' ? '-' : `${cloud}/${region}`
}

/** What all rows come to a month at this rate. */
export function moneyAMonth(
  rows: readonly TallyRow[],
  accounting: Accounting,
  lengthMs: number,
): ReturnType<typeof sumMoney> {
  const factor = Number(monthMs) / Math.max(lengthMs, hourMs)
  const grown = rows.map((row) => ({
    ...row,
    bytes: Math.round(row.bytes * factor),
    requests: Math.round(row.requests * factor),
  }))
  return sumMoney(grown, accounting)
}
