import type { Digest } from './digest.ts'
import { DigestMap } from './digest-map.ts'
import type { Nanodollars, Price } from './money.ts'

/** What was pulled of one blob over a period, by the places whose clients one mirror serves. */
export type BlobTraffic = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly pulled: readonly { readonly location: string; readonly bytes: number }[]
}

/** What a GB to the clients of one location costs the publisher, by either way. */
export type PullPrices = { readonly upstream: Price; readonly mirror: Price }

/** What a mirror's blobs save and cost. */
export type HotSetTerms = {
  /** The time the traffic is of. Less than a day counts as a day: an hour's peak is no month. */
  readonly periodMs: number
  readonly pullPrices: (location: string) => PullPrices
  /** A GB kept for a month. */
  readonly storage: Price
  /** What it takes to bring a blob in: writes, and the bytes from where they come. */
  readonly write: Price
  readonly copy: Price
  /** Whether the mirror has the blob already: what bringing it in cost is spent, kept or not. */
  readonly held: (digest: Digest) => boolean
  /** Months over which bringing a blob in must pay for itself; default 1. */
  readonly paybackMonths?: number
}

/** The blobs that pay, and what they come to. */
export type HotSet = {
  readonly blobs: DigestMap
  readonly bytes: number
  /** Of a month: what their traffic saves, and what they cost to keep. */
  readonly saved: Nanodollars
  readonly storage: Nanodollars
  /** Once: what it costs to bring in those that the mirror lacks. */
  readonly bringing: Nanodollars
}

/**
 * The blobs whose traffic saves more than they cost. Each stands for itself, so the set of all that
 * gain is the best there is. Storage and traffic recur; bringing a blob in does not, and is shared
 * out over the payback months: by default one, so that a blob earns its keep within a month of
 * pulls as they were. A blob that is held needs only to save more than its storage: else blobs at
 * the edge would come and go with every run, and pay for their coming each time.
 *
 * A pull is a GET wherever it goes, and stores charge about alike for one: requests are not counted.
 */
export function chooseHotSet(traffic: Iterable<BlobTraffic>, terms: HotSetTerms): HotSet {
  const blobs = new DigestMap()
  let [bytes, saved, storage, bringing] = [0, 0n, 0n, 0n]
  for (const blob of traffic) {
    const worth = worthOf(blob, terms)
    if (worth.saved <= worth.storage + worth.bringingAMonth) continue
    blobs.set(blob.digest, blob.sizeBytes)
    bytes += blob.sizeBytes
    saved += worth.saved
    storage += worth.storage
    bringing += worth.bringing
  }
  return { blobs, bytes, saved, storage, bringing }
}

/** What one blob saves and costs. What it saves is rounded down, what it costs up. */
export type BlobWorth = {
  readonly saved: Nanodollars
  readonly storage: Nanodollars
  readonly bringing: Nanodollars
  readonly bringingAMonth: Nanodollars
}

export function worthOf(blob: BlobTraffic, terms: HotSetTerms): BlobWorth {
  const { storage, write, copy, held, paybackMonths = 1 } = terms
  const size = BigInt(blob.sizeBytes)
  const bringing = held(blob.digest) ? 0n : costAbove(1n, write) + costAbove(size, copy)
  let saved = 0n
  for (const { location, bytes } of blob.pulled) {
    saved += savedAMonth(BigInt(bytes), terms.pullPrices(location), terms.periodMs)
  }
  return {
    saved,
    storage: costAbove(size, storage),
    bringing,
    bringingAMonth: dividedUp(bringing, BigInt(paybackMonths)),
  }
}

/** 730 hours, as cloud vendors count a month. */
export const monthMs = 2_628_000_000n
/** Traffic of less than a day counts as a day’s. */
export const dayMs = 86_400_000

/**
 * Both ways over one divisor, and rounded once: so another byte never makes less of it, where the
 * mirror is the cheaper way.
 */
function savedAMonth(bytes: bigint, { upstream, mirror }: PullPrices, periodMs: number): bigint {
  const period = BigInt(Math.round(Math.max(periodMs, dayMs)))
  const difference = upstream.nanodollars * mirror.per - mirror.nanodollars * upstream.per
  return dividedDown(bytes * difference * monthMs, upstream.per * mirror.per * period)
}

function costAbove(quantity: bigint, price: Price): Nanodollars {
  return dividedUp(quantity * price.nanodollars, price.per)
}

function dividedUp(amount: bigint, by: bigint): bigint {
  return -dividedDown(-amount, by)
}

/** Division towards minus infinity: bigints divide towards zero. */
function dividedDown(amount: bigint, by: bigint): bigint {
  const quotient = amount / by
  return quotient * by > amount ? quotient - 1n : quotient
}
