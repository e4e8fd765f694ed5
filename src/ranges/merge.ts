import { clouds } from '../core/location.ts'
import type { ClientLocation } from '../core/location.ts'
import type { PublishedPrefix } from './published.ts'

/**
 * Each prefix once, however many rows list it. Where rows disagree on its location, the cloud that
 * comes first in `clouds` has it; within a cloud, a named region before `GLOBAL`, then the region
 * whose name sorts first.
 */
export function mergeRows(rows: readonly PublishedPrefix[]): readonly PublishedPrefix[] {
  const merged = new Map<string, PublishedPrefix>()
  for (const row of rows) {
    const key = `${row.family}/${row.start}/${row.length}`
    const other = merged.get(key)
    const wins = other === undefined || compareLocations(row.location, other.location) < 0
    if (wins) merged.set(key, row)
  }
  return [...merged.values()]
}

/** The order in which locations are listed, and in which they win a prefix that several claim. */
export function compareLocations(a: ClientLocation, b: ClientLocation): number {
  return (
    clouds.indexOf(a.cloud) - clouds.indexOf(b.cloud) ||
    Number(isGlobal(a)) - Number(isGlobal(b)) ||
    (a.region < b.region ? -1 : Number(a.region > b.region))
  )
}

function isGlobal({ region }: ClientLocation): boolean {
  return region.toLowerCase() === 'global'
}
