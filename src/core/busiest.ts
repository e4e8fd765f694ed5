/** One of the busiest names, with what was counted of it. */
export type Busy = {
  readonly name: string
  readonly requests: number
  readonly bytes: number
  /** Requests of which nobody knows how much was read. */
  readonly unsized: number
}

/**
 * Counts by names that anybody may invent, and keeps those that matter: memory is for twice `most`
 * names, whatever comes. When it is full, the busier half stays. A name that comes back after it was
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
  let counts = new Map<string, { requests: number; bytes: number; unsized: number }>()
  return {
    add(name, bytes) {
      let count = counts.get(name)
      if (count === undefined) {
        if (counts.size >= 2 * most) keepBusier()
        count = { requests: 0, bytes: 0, unsized: 0 }
        counts.set(name, count)
      }
      count.requests++
      if (bytes === undefined) count.unsized++
      else count.bytes += bytes
    },
    top: (count) => ordered().slice(0, count),
  }

  function ordered(): readonly Busy[] {
    return Array.from(counts, ([name, count]) => ({ name, ...count })).toSorted(
      (a, b) => b.bytes - a.bytes || b.requests - a.requests,
    )
  }

  function keepBusier(): void {
    // Names of no known size are kept by how often they are asked for, beside those by bytes: of
    // what no mirror holds, nobody knows the size.
    const byBytes = ordered().slice(0, most / 2)
    const byRequests = ordered()
      .toSorted((a, b) => b.requests - a.requests)
      .slice(0, most / 2)
    counts = new Map(
      [...byBytes, ...byRequests].map(({ name, ...count }) => [name, { ...count }] as const),
    )
  }
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
  return [...sums.values()].toSorted((a, b) => b.bytes - a.bytes || b.requests - a.requests)
}
