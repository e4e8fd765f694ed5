import { BlobSample, mostPlaces } from './blobs.ts'
import { PullCounts } from './pulls.ts'
import { dayMs } from '../hot-set.ts'
import type { ClientLocation } from '../location.ts'

/** What a line of an access log says, as far as an estimate goes by it. */
export type GatheredLine = {
  readonly kind: 'blob' | 'manifest' | 'other'
  /** Milliseconds since 1970; NaN: the line does not say. */
  readonly timeMs: number
  /** Where the client is; undefined: nowhere known. The same object for the same place. */
  readonly location: ClientLocation | undefined
  /** What was read; NaN: all of it, and the line does not say how much that is. */
  readonly bytes: number
  /** The first eight bytes of a blob's digest, big end first. */
  readonly digestHigh: number
  readonly digestLow: number
  /** Events that were lost where this line is. */
  readonly lost: number
}

/** A time from its first line to its last, in milliseconds since 1970. */
export type Span = { readonly firstMs: number; readonly lastMs: number }

/** What the clients of one place pulled, as the logs say it. */
export type PlaceTraffic = {
  readonly location: ClientLocation | undefined
  /** Pulls of blobs. */
  readonly pulls: number
  /** What they read, as far as the log says it. */
  readonly bytes: number
  /** The sum of the squares of each, which says how far a sample may be off. */
  readonly squares: number
  /** Pulls of which it does not. */
  readonly unsized: number
  /** What they read of manifests, which no mirror holds. */
  readonly manifestBytes: number
}

/**
 * Gathers what logs say of who pulled what, at constant memory: at most 60 MB for any number of lines.
 * What each place pulled is exact; blobs are told apart as long as there is room, and then a sample
 * of them (see BlobSample).
 */
export type Gathering = {
  readonly take: (line: GatheredLine) => void
  /** Says that the next line is another log's: its time may be another. */
  readonly endLog: () => void
  /** Says how large a blob is, where it is one of those that were pulled. */
  readonly sizeBlob: (digestHigh: number, digestLow: number, bytes: number) => void
  /** The first is nowhere known. */
  readonly places: () => readonly PlaceTraffic[]
  /** The times that the logs are of, joined. */
  readonly spans: () => readonly Span[]
  readonly blobs: BlobSample
  readonly unsizedPulls: PullCounts
  /** Events that the logs say are lost. */
  readonly lost: () => number
}

/** How many blobs, and pairs of a blob and a place, are kept. */
export type GatheringLimits = { readonly blobs: number; readonly pairs: number }

export const usualLimits: GatheringLimits = { blobs: 750_000, pairs: 1_600_000 }

/** Creates an empty gathering. */
export function createGathering(limits: GatheringLimits = usualLimits): Gathering {
  const blobs = new BlobSample(limits.blobs)
  const unsizedPulls = new PullCounts(limits.pairs)
  const numbers = new Map<ClientLocation | undefined, number>([[undefined, 0]])
  const locations: (ClientLocation | undefined)[] = [undefined]
  const pulls = new Float64Array(mostPlaces)
  const bytes = new Float64Array(mostPlaces)
  const squares = new Float64Array(mostPlaces)
  const unsized = new Float64Array(mostPlaces)
  const manifestBytes = new Float64Array(mostPlaces)
  const spans: Span[] = []
  let [firstMs, lastMs] = [Infinity, -Infinity]
  let lost = 0

  return {
    take,
    endLog,
    sizeBlob(high, low, size) {
      const row = blobs.keeps(high) ? blobs.find(high, low) : -1
      if (row >= 0) blobs.growTo(row, size)
    },
    places: () =>
      locations.map((location, place) => ({
        location,
        pulls: pulls[place]!,
        bytes: bytes[place]!,
        squares: squares[place]!,
        unsized: unsized[place]!,
        manifestBytes: manifestBytes[place]!,
      })),
    spans: () => joinSpans(firstMs > lastMs ? spans : [...spans, { firstMs, lastMs }]),
    blobs,
    unsizedPulls,
    lost: () => lost,
  }

  function take(line: GatheredLine): void {
    const { kind, timeMs, bytes: read } = line
    if (timeMs < firstMs) firstMs = timeMs
    if (timeMs > lastMs) lastMs = timeMs
    lost += line.lost
    if (kind === 'other') return
    const place = placeOf(line.location)
    if (kind === 'manifest') {
      if (read > 0) manifestBytes[place]! += read
      return
    }

    pulls[place]! += 1
    if (read >= 0) {
      bytes[place]! += read
      squares[place]! += read * read
    } else unsized[place]! += 1
    const { digestHigh: high, digestLow: low } = line
    const row = read >= 0 ? rowOf(high, low) : countUnsized(high, low, place)
    if (row < 0) return
    blobs.pulledBy(row, place)
    if (read > 0) blobs.growTo(row, read)
  }

  function endLog(): void {
    if (firstMs <= lastMs) spans.push({ firstMs, lastMs })
    firstMs = Infinity
    lastMs = -Infinity
  }

  function placeOf(location: ClientLocation | undefined): number {
    const known = numbers.get(location)
    if (known !== undefined) return known
    // Objects may come anew where a log names places itself, and no more than so many are places.
    const same = locations.findIndex(
      (each) => each?.cloud === location!.cloud && each.region === location!.region,
    )
    if (same >= 0) return same
    if (locations.length === mostPlaces) return 0
    numbers.set(location, locations.length)
    return locations.push(location) - 1
  }

  /** The row of a blob, a new one where it has none; -1: it is not of the sample. */
  function rowOf(high: number, low: number): number {
    while (blobs.keeps(high)) {
      const row = blobs.find(high, low)
      if (row >= 0) return row
      if (!blobs.isFull) return blobs.add(high, low)
      if (!halve()) return -1
    }
    return -1
  }

  /** The row of a blob where a pull of no known size was counted. */
  function countUnsized(high: number, low: number, place: number): number {
    let row = rowOf(high, low)
    // A pair that finds no room makes some, which may take its blob out.
    while (row >= 0 && !unsizedPulls.add(row, place)) row = halve() ? rowOf(high, low) : -1
    return row
  }

  function halve(): boolean {
    const moved = blobs.halve()
    if (moved !== undefined) unsizedPulls.renumber(moved)
    return moved !== undefined
  }
}

/**
 * The times that logs are of together, the first one first. Where less than a day lies between two, it
 * was quiet, and they are one: a load balancer writes a file every five minutes. Where more does, a
 * log is missing.
 */
export function joinSpans(spans: readonly Span[]): readonly Span[] {
  const joined: Span[] = []
  for (const span of spans.toSorted((a, b) => a.firstMs - b.firstMs)) {
    const last = joined.at(-1)
    if (last === undefined || span.firstMs - last.lastMs >= dayMs) joined.push(span)
    else joined[joined.length - 1] = { ...last, lastMs: Math.max(last.lastMs, span.lastMs) }
  }
  return joined
}

/** How long spans are together, in milliseconds. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { firstMs, lastMs }) => sum + lastMs - firstMs, 0)
}
