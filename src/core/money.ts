/**
 * US dollars in billionths. A list price such as $0.0004 per 1,000 requests is 400 of them a
 * request, so every price there is stays a whole number; bigint, because a year's bill of a large
 * registry passes what a number holds exactly ($9 million).
 */
export type Nanodollars = bigint

/**
 * What `per` units cost: the bytes of a vendor's GB, or 1,000 requests. A vendor's own numbers, never
 * divided down to one unit, because that is where a price would lose digits.
 */
export type Price = { readonly nanodollars: Nanodollars; readonly per: bigint }

/**
 * What so many units cost, to the nearest nanodollar, halves up. Sum the units first and price the
 * sum: a sum of rounded costs drifts. Throws a RangeError for what is no count of units.
 */
export function costOf(quantity: number | bigint, price: Price): Nanodollars {
  const units = BigInt(quantity)
  if (units < 0n) throw new RangeError(`wanted a quantity of 0 or more, got ${units}`)
  return (2n * units * price.nanodollars + price.per) / (2n * price.per)
}

export function sumOf(costs: Iterable<Nanodollars>): Nanodollars {
  let sum = 0n
  for (const cost of costs) sum += cost
  return sum
}

/**
 * The nanodollars in a decimal text such as `0.0245`, exactly. Undefined for anything else: a sign,
 * an exponent, more than nine decimals.
 */
export function parseDollars(text: string): Nanodollars | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text)
  if (match === null) return undefined
  return BigInt(match[1]!) * billion + BigInt((match[2] ?? '').padEnd(9, '0'))
}

/** The whole amount as a decimal text that `parseDollars` reads back: for JSON and for prices. */
export function exactDollars(amount: Nanodollars): string {
  const [whole, decimals] = partsOf(magnitude(amount))
  const shown = decimals.replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${whole}${shown === '' ? '' : `.${shown}`}`
}

/**
 * The amount for people: `$1,234.56`, and below a dollar two digits that say something, `$0.0004`.
 * Halves are rounded away from zero.
 */
export function formatDollars(amount: Nanodollars): string {
  const size = magnitude(amount)
  const rounded = roundTo(size, lastPlace(size))
  const [whole, decimals] = partsOf(rounded)
  const shown = decimals.replace(/0+$/, '').padEnd(2, '0')
  return `${amount < 0n ? '-' : ''}$${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}.${shown}`
}

const billion = 1_000_000_000n
const cent = 10_000_000n

/** The place an amount is rounded to: a cent, or the second of its own digits where that is less. */
function lastPlace(size: Nanodollars): bigint {
  const second = 10n ** BigInt(Math.max(0, size.toString().length - 2))
  return second < cent ? second : cent
}

function roundTo(size: Nanodollars, place: bigint): Nanodollars {
  return ((size + place / 2n) / place) * place
}

function magnitude(amount: Nanodollars): Nanodollars {
  return amount < 0n ? -amount : amount
}

/** The dollars, and the nine digits after the point. */
function partsOf(size: Nanodollars): readonly [string, string] {
  return [(size / billion).toString(), (size % billion).toString().padStart(9, '0')]
}
