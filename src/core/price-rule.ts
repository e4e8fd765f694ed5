import type { Nanodollars } from './money.ts'
import { parseDollars } from './money.ts'

/** What a GB costs, in tiers; undefined: nobody knows. */
export type GbRule = Rule & { readonly tiers: readonly Tier[] | undefined }
/** What `per` requests of each kind cost. */
export type RequestRule = Rule & {
  readonly per: bigint
  readonly kinds: Readonly<Record<RequestKind, Nanodollars | undefined>>
}

/** A price from so many GB a month on. */
export type Tier = { readonly fromGb: bigint; readonly nanodollars: Nanodollars }

/** `from` is the region that pays, `to` where the bytes go. A price of undefined is not known. */
type Rule = {
  readonly from: RegExp | undefined
  readonly to: RegExp | undefined
  readonly source: string
}

/** What stores charge alike: `write` is PUT, COPY and POST, `read` is GET and HEAD. */
export const requestKinds = ['write', 'list', 'read'] as const
export type RequestKind = (typeof requestKinds)[number]

/** Something of the price data that is yet to be checked. */
export type Fields = Readonly<Record<string, unknown>>
/** Takes down what is wrong, and where. */
export type Complain = (at: string, wanted: string, got: unknown) => void

export function parseGbRule(rule: Fields, at: string, complain: Complain): GbRule {
  const tiers = parseTiers(rule['perGb'], `${at}.perGb`, complain)
  return { ...parseRule(rule, at, complain), tiers }
}

export function parseRequestRule(rule: Fields, at: string, complain: Complain): RequestRule {
  const { per } = rule
  const isCount = typeof per === 'number' && Number.isSafeInteger(per) && per > 0
  if (!isCount) complain(`${at}.per`, 'a count of requests', per)
  const price = (kind: RequestKind) => parsePrice(rule[kind], `${at}.${kind}`, complain)
  return {
    ...parseRule(rule, at, complain),
    per: isCount ? BigInt(per) : 1n,
    kinds: { write: price('write'), list: price('list'), read: price('read') },
  }
}

const ruleFields = 'from to in perGb per write list read source note'.split(' ')

function parseRule(rule: Fields, at: string, complain: Complain): Rule {
  // A condition that is misspelled would make the rule one for every region.
  const unknown = Object.keys(rule).filter((name) => !ruleFields.includes(name))
  if (unknown.length > 0) complain(at, `only ${ruleFields.join(', ')}`, unknown)
  const source = rule['source'] ?? 'configuration'
  const isSource = typeof source === 'string'
  if (!isSource) complain(`${at}.source`, 'a text', source)
  const pattern = (name: string) => {
    const regions = rule[name]
    if (regions === undefined) return undefined
    if (Array.isArray(regions) && regions.length > 0 && regions.every(isText)) return anyOf(regions)
    complain(`${at}.${name}`, 'a list of regions', regions)
    return undefined
  }
  return {
    from: pattern('from') ?? pattern('in'),
    to: pattern('to'),
    source: isSource ? source : '',
  }
}

/** One price, or several, each from so many GB a month on; null where nobody knows. */
function parseTiers(json: unknown, at: string, complain: Complain): readonly Tier[] | undefined {
  if (!Array.isArray(json)) {
    const nanodollars = parsePrice(json, at, complain)
    return nanodollars === undefined ? undefined : [{ fromGb: 0n, nanodollars }]
  }
  const tiers = (json as readonly unknown[]).map((tier, index) => {
    const { fromGb, price } = Object(tier) as Fields
    const before = index === 0 ? -1 : Number((Object(json[index - 1]) as Fields)['fromGb'])
    const isNext =
      Number.isSafeInteger(fromGb) && (index === 0 ? fromGb === 0 : Number(fromGb) > before)
    if (!isNext) complain(`${at}[${index}].fromGb`, 'GB from 0 upwards', fromGb)
    return {
      fromGb: isNext ? BigInt(Number(fromGb)) : 0n,
      nanodollars: parsePrice(price ?? 'nothing', `${at}[${index}].price`, complain) ?? 0n,
    }
  })
  if (tiers.length === 0) complain(at, 'one tier at least', json)
  return tiers
}

function parsePrice(json: unknown, at: string, complain: Complain): Nanodollars | undefined {
  if (json === null) return undefined
  const nanodollars = typeof json === 'string' ? parseDollars(json) : undefined
  if (nanodollars === undefined) complain(at, 'dollars as a text like "0.09", or null', json)
  return nanodollars
}

/** Regions by name, where * stands for any text. */
function anyOf(patterns: readonly string[]): RegExp {
  const parts = patterns.map((pattern) =>
    pattern.replaceAll(/[^a-zA-Z0-9*/-]/g, '\\$&').replaceAll('*', '.*'),
  )
  return new RegExp(`^(?:${parts.join('|')})$`)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 100)
}
