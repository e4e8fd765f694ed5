import type { Cloud } from './location.ts'
import { clouds } from './location.ts'

/** A point on the earth in degrees: north and east are positive. */
export type Place = { readonly latitude: number; readonly longitude: number }

/** Where a cloud region is, to about a city, as `data/regions.json` has it. */
export type Region = Place & {
  readonly cloud: Cloud
  /**
   * The name in the vendor's document of ranges, in its spelling: `germanywc`, not
   * `germanywestcentral`.
   */
  readonly region: string
  /** The city or area that the vendor publishes. */
  readonly place: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** Regions of one partition share accounts, contracts and a network: `aws`, `aws-cn`, `gcp`, … */
  readonly partition: string
}

/** The regions whose place is known. One that is not here has no nearest mirror. */
export type Regions = {
  find: (cloud: string, region: string) => Region | undefined
}

/**
 * Makes the regions out of the entries of `data/regions.json`, which are checked here because JSON
 * has no types. Throws one error that lists everything that is wrong with them.
 */
export function createRegions(entries: readonly unknown[]): Regions {
  const problems: string[] = []
  const known = new Map<string, Region>()
  for (const [index, entry] of entries.entries()) {
    const wrong = problemsOf(entry)
    if (wrong.length > 0) {
      problems.push(...wrong.map((problem) => `regions[${index}]${problem}`))
      continue
    }

    const region = entry as Region
    const id = `${region.cloud}/${region.region}`
    if (known.has(id)) problems.push(`regions[${index}]: wanted each region once, got ${id} again`)
    known.set(id, region)
  }
  if (problems.length > 0) throw new Error(`bad table of regions:\n${problems.join('\n')}`)

  return { find: (cloud, region) => known.get(`${cloud}/${region}`) }
}

// The mean radius of the earth, (2a + b) / 3 = 6371.0088 km (IUGG; H. Moritz, Geodetic Reference
// System 1980). A sphere of it is at most about 0.5 % off, less than what the places themselves
// are.
const earthRadiusKm = 6371

/**
 * The great-circle distance in kilometres, by the haversine formula, which is accurate for near
 * points too (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984).
 */
export function distanceKm(a: Place, b: Place): number {
  const north = haversine(radians(b.latitude - a.latitude))
  const east = haversine(radians(b.longitude - a.longitude))
  const chord = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east
  // Rounding may take opposite points past 1, where asin is NaN.
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(Math.min(1, chord)))
}

/**
 * The candidates by their distance from a place, the nearest first; those equally far keep their
 * order.
 */
export function nearestFirst<T>(
  from: Place,
  candidates: readonly T[],
  placeOf: (candidate: T) => Place,
): readonly T[] {
  return candidates
    .map((candidate) => ({ candidate, km: distanceKm(from, placeOf(candidate)) }))
    .toSorted((a, b) => a.km - b.km)
    .map(({ candidate }) => candidate)
}

function haversine(angle: number): number {
  return Math.sin(angle / 2) ** 2
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

type Rule = readonly [wanted: string, holds: (value: unknown) => boolean]

const text: Rule = ['a text', (value) => typeof value === 'string' && value !== '']
const rules: Readonly<Record<keyof Region, Rule>> = {
  cloud: [`one of ${clouds.join(', ')}`, (value) => clouds.some((cloud) => cloud === value)],
  region: ['letters, digits and -', (value) => matches(value, /^[a-zA-Z0-9-]+$/)],
  place: text,
  country: ['two capital letters', (value) => matches(value, /^[A-Z]{2}$/)],
  latitude: ['degrees from -90 to 90', (value) => isWithin(value, 90)],
  longitude: ['degrees from -180 to 180', (value) => isWithin(value, 180)],
  partition: text,
}

function problemsOf(entry: unknown): readonly string[] {
  if (typeof entry !== 'object' || entry === null) {
    return [`: wanted an object, got ${JSON.stringify(entry)}`]
  }
  const fields: Readonly<Record<string, unknown>> = { ...entry }
  return Object.entries(rules).flatMap(([name, [wanted, holds]]) =>
    holds(fields[name])
      ? []
      : [`.${name}: wanted ${wanted}, got ${JSON.stringify(fields[name]) ?? 'nothing'}`],
  )
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function isWithin(value: unknown, limit: number): boolean {
  return typeof value === 'number' && Math.abs(value) <= limit
}
