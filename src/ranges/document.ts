import type { AddressFamily } from '../core/address.ts'
import type { RangesSource } from '../core/address-table-metadata.ts'
import { parsePrefix } from './prefix.ts'
import type { Prefix } from './prefix.ts'

/**
 * A value in a vendor's document: where it is, and where whatever is wrong with it is told. Plain
 * checks and no schema: a Worker reads documents too, and a schema's package would be most of its size.
 */
export type Place = {
  readonly value: unknown
  readonly key: string | number
  /** What it is in; undefined: it is the document itself. */
  readonly above: Place | undefined
  /** Of the whole document, a line each, in its order. */
  readonly problems: string[]
}

/** The fields of an object, each whether it is there or not; undefined, and told: it is none. */
export function fieldsOf(place: Place): ((key: string) => Place) | undefined {
  const { value, problems } = place
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuseValue(place, 'an object')
  }
  const fields = value as Readonly<Record<string, unknown>>
  return (key) => ({ value: fields[key], key, above: place, problems })
}

/** The rows of a list; none, and told: it is no list. */
export function rowsOf(place: Place): readonly Place[] {
  const { value, problems } = place
  if (!Array.isArray(value)) return refuseValue(place, 'a list') ?? []
  return value.map((row: unknown, key) => ({ value: row, key, above: place, problems }))
}

/** A text, of a form that `wanted` names; undefined, and told: it is none. */
export function readText(place: Place, wanted = 'a text', form = /^/): string | undefined {
  const { value } = place
  return typeof value === 'string' && form.test(value) ? value : refuseValue(place, wanted)
}

/**
 * A region as a vendor spells it, known to us or not. It goes into headers and tab-separated lines
 * as it is, so it may hold nothing but what every region so far is made of.
 */
export function readRegion(place: Place): string | undefined {
  return readText(place, '1 to 64 letters, digits and hyphens', /^[A-Za-z0-9-]{1,64}$/)
}

/** A prefix of that family, or of either when none is given; undefined, and told: it is none. */
export function readPrefix(place: Place, family?: AddressFamily): Prefix | undefined {
  const { value } = place
  const prefix = typeof value === 'string' ? parsePrefix(value) : undefined
  if (prefix !== undefined && (family ?? prefix.family) === prefix.family) return prefix
  const wanted = family === undefined ? 'an IPv4 or IPv6 prefix' : `an IPv${family} prefix`
  return refuseValue(place, `${wanted} with no bits beyond it`)
}

/** Tells that a value is not what was wanted; `came` says what it is, where its text would not. */
export function refuseValue(place: Place, wanted: string, came = show(place.value)): undefined {
  place.problems.push(`${pathOf(place)}: wanted ${wanted}, came ${came}`)
}

/** How many different prefixes there are. AWS lists one once for every service that has it. */
export function countDifferent(prefixes: readonly Prefix[]): RangesSource['prefixes'] {
  const different = { 4: new Set<string>(), 6: new Set<string>() }
  for (const { family, start, length } of prefixes) different[family].add(`${start}/${length}`)
  return { ipv4: different[4].size, ipv6: different[6].size }
}

function pathOf({ key, above }: Place): string {
  if (above === undefined) return String(key)
  return typeof key === 'number' ? `${pathOf(above)}[${key}]` : `${pathOf(above)}.${key}`
}

/** As much of a value as says what it is. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 64))
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value)
}
