import { sumOf } from '../../core/money.ts'
import type { LocationReport } from '../report.ts'
import { countedText } from './figures.ts'
import type { Measure } from './measure.ts'
import { placeText } from './places.ts'

/** How many regions have a bar of their own. */
const mostBars = 15

/** A region, or all that are left. */
export type RegionRow = Omit<LocationReport, 'location'> & { readonly name: string }

/** The regions that come first, and all others in one row. */
export function regionRows(locations: readonly LocationReport[]): readonly RegionRow[] {
  // A row that stands for one region alone may as well name it.
  const count = locations.length === mostBars + 1 ? mostBars + 1 : mostBars
  const named = locations
    .slice(0, count)
    .map((each) => ({ ...each, name: placeText(each.location) }))
  const others = locations.slice(count)
  return others.length === 0 ? named : [...named, sumRow(others)]
}

function sumRow(others: readonly LocationReport[]): RegionRow {
  const sum = (pick: (each: LocationReport) => number) =>
    others.reduce((total, each) => total + pick(each), 0)
  const both = (measure: Measure) => ({
    mirror: sum((each) => each[measure].mirror),
    upstream: sum((each) => each[measure].upstream),
  })
  return {
    name: countedText(others.length, 'other region'),
    bytes: both('bytes'),
    requests: both('requests'),
    unsized: sum(({ unsized }) => unsized),
    money: {
      saved: sumOf(others.map(({ money }) => money.saved)),
      spent: {
        mirror: sumOf(others.map(({ money }) => money.spent.mirror)),
        upstream: sumOf(others.map(({ money }) => money.spent.upstream)),
      },
      unpricedBytes: sum(({ money }) => money.unpricedBytes),
    },
  }
}
