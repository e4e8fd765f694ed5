import type { Nanodollars } from './money.ts'
import { costOf, exactDollars, sumOf } from './money.ts'
import type { CloudPlace, ListPrice, Prices } from './prices.ts'

/**
 * What a sync run asks of upstreams and stores, planned or done. Bytes and requests are counts. A
 * multipart upload or copy is a write for each part and two around them.
 */
export type RunUse = {
  /** Where the sync itself runs; undefined: outside the clouds, where sending costs nothing. */
  readonly runner?: CloudPlace | undefined
  readonly upstreams: readonly UpstreamUse[]
  readonly mirrors: readonly MirrorUse[]
}

export type UpstreamUse = {
  /** Its address, as the lines name it. */
  readonly name: string
  /** Undefined: nobody said, and its bytes have no price. */
  readonly place: CloudPlace | undefined
  readonly bytesRead: number
}

export type MirrorUse = {
  readonly id: string
  readonly cloud: string
  readonly region: string
  /** What the runner sends, and the writes that takes. */
  readonly uploads: Moves
  /** What comes out of other mirrors: copied inside a store, or read from it and sent. */
  readonly copies: readonly (Moves & { readonly from: MirrorPlace })[]
  readonly lists: number
  /** GET and HEAD, of canaries, ledgers and checks. */
  readonly reads: number
  /** What it holds after the run. */
  readonly bytesHeld: number
}

export type Moves = { readonly requests: number; readonly bytes: number }
export type MirrorPlace = { readonly id: string; readonly cloud: string; readonly region: string }

/** One line of a bill. */
export type CostLine = {
  readonly what: string
  readonly quantity: number
  readonly unit: 'bytes' | 'requests' | 'byte-months'
  /** Undefined: no price is known, and the line is not in the total. */
  readonly price: ListPrice | undefined
  readonly cost: Nanodollars | undefined
}

/** What a run costs once, and what its mirrors cost from then on. */
export type RunCost = {
  readonly lines: readonly CostLine[]
  readonly total: Nanodollars
  /** What each mirror's blobs cost a month to keep. */
  readonly storage: readonly CostLine[]
  readonly storageAMonth: Nanodollars
  /** Whether every line has its price: else the totals say too little. */
  readonly complete: boolean
}

/**
 * Prices a run. Lines without quantity are left out. Egress and storage are priced tier by tier as if
 * the account did nothing else this month: the highest that the list prices make it.
 */
export function runCost(use: RunUse, prices: Prices): RunCost {
  const lines = [
    ...use.upstreams.map((upstream) => upstreamLine(upstream, use.runner, prices)),
    ...use.mirrors.flatMap((mirror) => mirrorLines(mirror, use.runner, prices)),
  ].filter(({ quantity }) => quantity > 0)
  const storage = use.mirrors.map((mirror) => storageLine(mirror, prices))
  return {
    lines,
    total: totalOf(lines),
    storage,
    storageAMonth: totalOf(storage),
    complete: [...lines, ...storage].every(({ cost }) => cost !== undefined),
  }
}

/** A cost as JSON may carry it: dollars as decimal texts, null where no price is known. */
export function costJson(cost: RunCost): object {
  return {
    lines: cost.lines.map(lineJson),
    totalDollars: exactDollars(cost.total),
    storage: cost.storage.map(lineJson),
    storageAMonthDollars: exactDollars(cost.storageAMonth),
    complete: cost.complete,
  }
}

function upstreamLine(
  { name, place, bytesRead }: UpstreamUse,
  runner: CloudPlace | undefined,
  prices: Prices,
): CostLine {
  return egressLine(`read from ${name}`, bytesRead, place, runner ?? 'internet', prices)
}

function mirrorLines(
  mirror: MirrorUse,
  runner: CloudPlace | undefined,
  prices: Prices,
): readonly CostLine[] {
  const { id, cloud, region, uploads, copies, lists, reads } = mirror
  const requests = (what: string, quantity: number, kind: 'write' | 'list' | 'read') => {
    const price = prices.requestPrice(cloud, kind, region)
    return requestLine(`${what} ${id}`, quantity, price)
  }
  const sent =
    runner === undefined ? [] : [egressLine(`send to ${id}`, uploads.bytes, runner, mirror, prices)]
  const copyRequests = copies.reduce((sum, copy) => sum + copy.requests, 0)
  return [
    requests('uploads to', uploads.requests, 'write'),
    ...sent,
    requests('copies to', copyRequests, 'write'),
    ...copies.map(({ from, bytes }) =>
      egressLine(`copy from ${from.id} to ${id}`, bytes, from, mirror, prices),
    ),
    requests('lists of', lists, 'list'),
    requests('reads of', reads, 'read'),
  ]
}

function egressLine(
  what: string,
  bytes: number,
  from: CloudPlace | undefined,
  to: CloudPlace | 'internet',
  prices: Prices,
): CostLine {
  const price = from && prices.egressPrice(from, to)
  const cost = from && prices.egressCost(bytes, from, to)
  return { what, quantity: bytes, unit: 'bytes', price, cost }
}

function requestLine(what: string, quantity: number, price: ListPrice | undefined): CostLine {
  return { what, quantity, unit: 'requests', price, cost: price && costOf(quantity, price) }
}

function storageLine({ id, cloud, region, bytesHeld }: MirrorUse, prices: Prices): CostLine {
  const price = prices.storagePrice(cloud, region)
  const cost = prices.storageCost(bytesHeld, cloud, region)
  return { what: `a month of ${id}`, quantity: bytesHeld, unit: 'byte-months', price, cost }
}

function totalOf(lines: readonly CostLine[]): Nanodollars {
  return sumOf(lines.map(({ cost }) => cost ?? 0n))
}

function lineJson({ what, quantity, unit, price, cost }: CostLine): object {
  return {
    what,
    quantity,
    unit,
    priceDollars: price === undefined ? null : exactDollars(price.nanodollars),
    pricePer: price === undefined ? null : Number(price.per),
    priceSource: price?.source ?? null,
    costDollars: cost === undefined ? null : exactDollars(cost),
  }
}
