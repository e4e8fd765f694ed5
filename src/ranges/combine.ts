import type { Cloud } from '../core/location.ts'
import { clouds } from '../core/location.ts'
import type { TableContent } from './encode.ts'
import { overlay } from './flatten.ts'
import { compareLocations } from './merge.ts'

/**
 * A table with one cloud's addresses from another table. Where both have an address, the cloud that
 * comes first in `clouds` has it: a table no longer knows whose prefix was the longer one.
 */
export function replaceCloud(
  current: TableContent,
  update: TableContent,
  cloud: Cloud,
): TableContent {
  const kept = pick(current, (each) => each !== cloud)
  const put = pick(update, (each) => each === cloud)
  const locations = [...kept.locations, ...put.locations].toSorted(compareLocations)
  const places = new Map(locations.map((location, at) => [location, at]))
  const answersOf = (table: TableContent) => {
    const numbers = table.locations.map((location) => places.get(location))
    return (answer: number): number => {
      const place = answer === 0 ? undefined : numbers[(answer - 1) >> 1]
      // An odd answer is the location's, the even one after it the same in EC2.
      return place === undefined ? 0 : 1 + 2 * place + ((answer - 1) & 1)
    }
  }
  const [ofKept, ofPut] = [answersOf(current), answersOf(update)]
  // Locations are in the order of clouds, and so are answers.
  const combine = (a: number, b: number): number => {
    const [one, other] = [ofKept(a), ofPut(b)]
    return one === 0 || other === 0 ? one + other : Math.min(one, other)
  }
  return {
    sources: [...kept.sources, ...put.sources].toSorted(
      (a, b) => clouds.indexOf(a.cloud) - clouds.indexOf(b.cloud),
    ),
    locations,
    ipv4: overlay(current.ipv4, update.ipv4, combine),
    ipv6: overlay(current.ipv6, update.ipv6, combine),
  }
}

function pick(
  { sources, locations }: TableContent,
  isWanted: (cloud: Cloud) => boolean,
): Pick<TableContent, 'sources' | 'locations'> {
  return {
    sources: sources.filter(({ cloud }) => isWanted(cloud)),
    locations: locations.filter(({ cloud }) => isWanted(cloud)),
  }
}
