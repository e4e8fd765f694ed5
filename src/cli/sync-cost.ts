import { formatDollars } from '../core/money.ts'
import type { CostLine, RunCost } from '../core/run-cost.ts'
import { printable } from './printable.ts'

const mostNamed = 3

/**
 * What a run costs, for people: what is most of it is named, and so is what has no known price.
 * `verb` is `costs` or `would cost`.
 */
export function costText(cost: RunCost, verb: string): string {
  const { lines, total, storage, storageAMonth } = cost
  const named = lines
    .filter((line) => line.cost !== undefined && line.cost > 0n)
    .toSorted((a, b) => (a.cost! < b.cost! ? 1 : -1))
    .slice(0, mostNamed)
    .map((line) => `${line.what} ${formatDollars(line.cost!)}`)
  const parts = named.length === 0 ? '' : ` (${named.join(', ')})`
  const run = `this run ${verb} ${atLeast(lines)}${formatDollars(total)}${parts}`
  const unpriced = [...lines, ...storage].filter((line) => line.cost === undefined)
  const rest =
    unpriced.length === 0
      ? ''
      : `; no price is known: ${unpriced.map(({ what }) => what).join(', ')}`
  return printable(
    `${run}; storage: ${atLeast(storage)}${formatDollars(storageAMonth)} a month${rest}`,
  )
}

/** A total with a line left out says too little. */
function atLeast(lines: readonly CostLine[]): string {
  return lines.some(({ cost }) => cost === undefined) ? 'at least ' : ''
}
