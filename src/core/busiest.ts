/** One of the busiest names, with what was counted of it. */
export type Busy = {
  readonly name: string
  readonly requests: number
  readonly bytes: number
  /** Requests of which nobody knows how much was read. */
  readonly unsized: number
}

/**
 * Counts by names that anybody may invent, and keeps those that matter: memory is for four times
 * `most` names, whatever comes. When it is full, the busiest stay. A name that comes back after it was
 * dropped begins anew, so the counts of rare names are too small, and those of busy ones exact.
 *
 * The idea is Misra and Gries', "Finding repeated elements" (1982), with the dropping done in
 * batches, so that it costs little a name.
 */
export type Busiest = {
  readonly add: (name: string, bytes: number | undefined) => void
  /** The busiest first: by bytes, and by requests where bytes are alike. */
  readonly top: (count: number) => readonly Busy[]
}

/** Creates an empty count that keeps `most` names at the least. */
export function createBusiest(most: number): Busiest {
  let counts = new Map<string, Counted>()
  return {
    add(name, bytes) {
      let count = counts.get(name)
      if (count === undefined) {
        if (counts.size >= 4 * most) counts = busiestOf(counts, most)
        count = { name, requests: 0, bytes: 0, unsized: 0 }
        counts.set(name, count)
      }
      count.requests++
      if (bytes === undefined) count.unsized++
      else count.bytes += bytes
    },
    top: (count) =>
      [...counts.values()]
        .toSorted(byBytes)
        .slice(0, count)
        .map((each) => ({ ...each })),
  }
}

type Counted = { readonly name: string; requests: number; bytes: number; unsized: number }

/**
 * Half of those that stay are chosen by bytes, half by requests: of what no mirror holds, nobody
 * knows the size.
 */
function busiestOf(counts: ReadonlyMap<string, Counted>, most: number): Map<string, Counted> {
  const all = [...counts.values()]
  const kept = new Map<string, Counted>()
  for (const order of [byBytes, byRequests]) {
    all.sort(order)
    for (const each of all.slice(0, most / 2)) kept.set(each.name, each)
  }
  return kept
}

function byBytes(a: Busy, b: Busy): number {
  return b.bytes - a.bytes || b.requests - a.requests
}

function byRequests(a: Busy, b: Busy): number {
  return b.requests - a.requests
}

/** Adds up several counts of the same names, the busiest first. */
export function sumBusiest(all: Iterable<readonly Busy[]>): readonly Busy[] {
  const sums = new Map<string, Busy>()
  for (const each of all) {
    for (const busy of each) {
      const before = sums.get(busy.name)
      sums.set(busy.name, {
        name: busy.name,
        requests: busy.requests + (before?.requests ?? 0),
        bytes: busy.bytes + (before?.bytes ?? 0),
        unsized: busy.unsized + (before?.unsized ?? 0),
      })
    }
  }
  return [...sums.values()].toSorted(byBytes)
}
