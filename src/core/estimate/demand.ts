import type { BlobSample } from './blobs.ts'
import type { Gathering, PlaceTraffic } from './gather.ts'
import { dayMs, monthMs } from '../hot-set.ts'
import type { ClientLocation } from '../location.ts'

/** What the clients of one place pull in a month. */
export type PlaceDemand = {
  readonly location: ClientLocation | undefined
  readonly pulls: number
  readonly bytes: number
  /** Bytes among them that are reckoned by the mean of all pulls, as nobody knows their blobs' size. */
  readonly estimatedBytes: number
  readonly manifestBytes: number
}

/** What a month brings where it is as the logs are. */
export type Demand = {
  readonly places: readonly PlaceDemand[]
  /** Blobs that any of these places pulled, by their numbers, and their bytes: what a mirror of them would hold. */
  readonly held: (places: readonly number[]) => Held
  /** What one pull reads in the mean, in bytes. */
  readonly meanBytes: number
  /** Pulls in the logs: all, those whose size they do not say, and those whose size nobody knows. */
  readonly logged: { readonly pulls: number; readonly unsized: number; readonly unknown: number }
  /** What the logs' counts were multiplied by. */
  readonly factor: number
  /**
   * The standard error of all bytes, as a share of them, that comes of the logs being a sample, where
   * each pull was drawn by itself: 0 where they are not.
   */
  readonly sampleError: number
}

export type Held = { readonly blobs: number; readonly bytes: number }

/** What the logs are of. */
export type DemandTerms = {
  /** The time they are of; less than a day counts as one. */
  readonly periodMs: number
  /** The share of the traffic that is in them: 1 for all of it. */
  readonly sample: number
}

/** To choose by, as many blobs are looked at: a fair sample is enough, and one look takes 0.1 ms. */
const looked = 32_768

/**
 * Makes a month's demand out of what was gathered. Undefined where pulls have no size, and not one
 * is known that could stand for them.
 */
export function demandOf(gathering: Gathering, terms: DemandTerms): Demand | undefined {
  const { blobs } = gathering
  const traffic = gathering.places()
  const unsized = unsizedByPlace(gathering, traffic)
  const sum = (pick: (place: number) => number) =>
    traffic.reduce((total, _, place) => total + pick(place), 0)
  const [pulls, unsizedPulls] = [sum((at) => traffic[at]!.pulls), sum((at) => traffic[at]!.unsized)]
  const unknown = sum((at) => unsized[at]!.unknown)
  const known = pulls - unknown
  if (known === 0 && unknown > 0) return undefined

  const readBytes = sum((at) => traffic[at]!.bytes + unsized[at]!.bytes)
  const squares = sum((at) => traffic[at]!.squares + unsized[at]!.squares)
  const meanBytes = known === 0 ? 0 : readBytes / known
  const factor = Number(monthMs) / Math.max(terms.periodMs, dayMs) / terms.sample
  const grow = (count: number) => Math.round(count * factor)
  return {
    places: traffic.map(({ location, pulls: count, bytes, manifestBytes }, at) => {
      const estimated = unsized[at]!.unknown * meanBytes
      return {
        location,
        pulls: grow(count),
        bytes: grow(bytes + unsized[at]!.bytes + estimated),
        estimatedBytes: grow(estimated),
        manifestBytes: grow(manifestBytes),
      }
    }),
    held: createHeld(blobs),
    meanBytes,
    logged: { pulls, unsized: unsizedPulls, unknown: Math.round(unknown) },
    factor,
    // Of a sum of which each part is drawn with the chance p, by itself (Horvitz and Thompson).
    sampleError: readBytes === 0 ? 0 : Math.sqrt((1 - terms.sample) * squares) / readBytes,
  }
}

/** Of a place's pulls without a size: the bytes of those whose blob's size is known, and the rest. */
type Unsized = { readonly bytes: number; readonly squares: number; readonly unknown: number }

function unsizedByPlace(
  { blobs, unsizedPulls }: Gathering,
  traffic: readonly PlaceTraffic[],
): readonly Unsized[] {
  const kept = traffic.map(() => ({ pulls: 0, sized: 0, bytes: 0, squares: 0 }))
  unsizedPulls.forEach((row, place, pulls) => {
    const of = kept[place]!
    const size = blobs.sizeAt(row)
    of.pulls += pulls
    if (size > 0) of.sized += pulls
    of.bytes += pulls * size
    of.squares += pulls * size * size
  })
  // Where blobs were forgotten, those that were kept stand for them.
  return kept.map(({ pulls, sized, bytes, squares }, place) => {
    const { unsized } = traffic[place]!
    if (pulls === 0) return { bytes: 0, squares: 0, unknown: unsized }
    const each = unsized / pulls
    return { bytes: bytes * each, squares: squares * each, unknown: unsized * (1 - sized / pulls) }
  })
}

/** Each set is looked up once: to choose, the same ones are asked for again and again. */
function createHeld(blobs: BlobSample): Demand['held'] {
  const known = new Map<string, Held>()
  const step = Math.ceil(blobs.size / looked)
  return (places) => {
    const key = places.join(' ')
    const before = known.get(key)
    if (before !== undefined) return before
    const sum = blobs.sum(places, Math.max(step, 1))
    const mean = sum.sized === 0 ? 0 : sum.bytes / sum.sized
    const all = sum.bytes + (sum.blobs - sum.sized) * mean
    const held = {
      blobs: Math.round(sum.blobs / blobs.keptShare),
      bytes: Math.round(all / blobs.keptShare),
    }
    known.set(key, held)
    return held
  }
}
