import type { Complain, Fields, GbRule, RequestRule } from './price-rule.ts'
import { parseGbRule, parseRequestRule, show } from './price-rule.ts'

/** A price list as `data/prices.json` has it, with what a configuration puts above it. */
export type PriceList = {
  readonly clouds: ReadonlyMap<string, CloudPrices>
  readonly sources: Readonly<Record<string, PriceSource>>
}

/** Where prices were read: `url` is null for what nobody could verify. Dates as YYYY-MM-DD. */
export type PriceSource = {
  readonly url: string | null
  /** The day the source speaks of, where it says. */
  readonly dated: string | null
  readonly read: string | null
  readonly note?: string
}

/** One cloud's prices: of each list the first rule that fits counts. */
export type CloudPrices = {
  /** What this vendor calls a GB, in bytes. */
  readonly bytesPerGb: bigint
  readonly perGb: Readonly<Record<GbList, readonly GbRule[]>>
  readonly requests: readonly RequestRule[]
}

/** Lists of prices for each GB: `nat` is what a puller's own NAT gateway takes. */
export const gbLists = ['internet', 'betweenRegions', 'withinRegion', 'storage', 'nat'] as const
export type GbList = (typeof gbLists)[number]

/**
 * Checks price data. `overrides` is a part of the same data, whose rules go before the shipped ones.
 * Throws one error that lists everything that is wrong.
 */
export function parsePriceList(json: unknown, overrides: unknown = {}): PriceList {
  const problems: string[] = []
  const shipped = parseClouds(json, '', true, problems)
  const sources = fieldsOf(json, 'sources', '', problems) as Readonly<Record<string, PriceSource>>
  for (const [name, source] of Object.entries(sources)) {
    const { url } = Object(source) as { readonly url?: unknown }
    if (url === null || typeof url === 'string') continue
    problems.push(`sources.${name}.url: wanted an address or null, got ${show(url)}`)
  }
  for (const [cloud, path, source] of sourcesIn(shipped)) {
    if (sources[source] === undefined) {
      problems.push(`clouds.${cloud}.${path}.source: wanted one of the sources, got ${source}`)
    }
  }
  const clouds = new Map(shipped)
  for (const [cloud, above] of parseClouds(overrides, 'prices.', false, problems)) {
    const below = clouds.get(cloud)
    if (below === undefined && above.bytesPerGb === 0n) {
      problems.push(`prices.clouds.${cloud}.gb: wanted the bytes of a GB, as this cloud is new`)
    }
    clouds.set(cloud, below === undefined ? above : layered(above, below))
  }
  if (problems.length > 0) throw new Error(`bad prices:\n${problems.join('\n')}`)
  return { clouds, sources }
}

function parseClouds(
  json: unknown,
  prefix: string,
  whole: boolean,
  problems: string[],
): ReadonlyMap<string, CloudPrices> {
  const clouds = new Map<string, CloudPrices>()
  for (const name of Object.keys(fieldsOf(json, 'clouds', prefix, problems, whole))) {
    const path = `${prefix}clouds.${name}`
    const fields = fieldsOf(
      (json as { clouds: unknown }).clouds,
      name,
      `${prefix}clouds.`,
      problems,
    )
    const complain = (at: string, wanted: string, got: unknown) =>
      void problems.push(`${path}.${at}: wanted ${wanted}, got ${show(got)}`)
    clouds.set(name, parseCloud(fields, whole, complain))
  }
  return clouds
}

function parseCloud(fields: Fields, whole: boolean, complain: Complain): CloudPrices {
  const unknown = Object.keys(fields).filter(
    (name) => ![...gbLists, 'requests', 'gb'].includes(name),
  )
  for (const name of unknown) complain(name, `only ${gbLists.join(', ')}, requests and gb`, name)

  const { bytes } = Object(fields['gb']) as Fields
  const isGb = typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0
  if (!isGb && (whole || fields['gb'] !== undefined))
    complain('gb.bytes', 'a count of bytes', bytes)

  const rules = <T>(name: string, parse: (rule: Fields, at: string) => T): readonly T[] => {
    const list = fields[name] ?? []
    if (!Array.isArray(list)) complain(name, 'a list of rules', list)
    const found = (Array.isArray(list) ? list : []).map(Object) as readonly Fields[]
    // Without a last rule for all that is left, a price would be missing by oversight.
    if (whole && !isForAll(found.at(-1)))
      complain(name, 'a last rule for all regions', found.at(-1))
    return found.map((rule, index) => parse(rule, `${name}[${index}]`))
  }
  const gbRules = (list: GbList) => rules(list, (rule, at) => parseGbRule(rule, at, complain))
  return {
    bytesPerGb: isGb ? BigInt(bytes) : 0n,
    perGb: {
      internet: gbRules('internet'),
      betweenRegions: gbRules('betweenRegions'),
      withinRegion: gbRules('withinRegion'),
      storage: gbRules('storage'),
      nat: gbRules('nat'),
    },
    requests: rules('requests', (rule, at) => parseRequestRule(rule, at, complain)),
  }
}

function* sourcesIn(
  clouds: ReadonlyMap<string, CloudPrices>,
): Generator<readonly [cloud: string, path: string, source: string]> {
  for (const [cloud, { perGb, requests }] of clouds) {
    for (const [list, rules] of Object.entries({ ...perGb, requests })) {
      for (const [index, { source }] of rules.entries()) yield [cloud, `${list}[${index}]`, source]
    }
  }
}

function layered(above: CloudPrices, below: CloudPrices): CloudPrices {
  const both = (list: GbList) => [...above.perGb[list], ...below.perGb[list]]
  return {
    bytesPerGb: above.bytesPerGb === 0n ? below.bytesPerGb : above.bytesPerGb,
    perGb: {
      internet: both('internet'),
      betweenRegions: both('betweenRegions'),
      withinRegion: both('withinRegion'),
      storage: both('storage'),
      nat: both('nat'),
    },
    requests: [...above.requests, ...below.requests],
  }
}

function fieldsOf(
  json: unknown,
  name: string,
  prefix: string,
  problems: string[],
  wanted = true,
): Fields {
  const value = (Object(json) as Fields)[name]
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  if (wanted || value !== undefined) {
    problems.push(`${prefix}${name}: wanted an object, got ${show(value)}`)
  }
  return {}
}

function isForAll(rule: Fields | undefined): boolean {
  return rule !== undefined && !['from', 'to', 'in'].some((name) => name in rule)
}
