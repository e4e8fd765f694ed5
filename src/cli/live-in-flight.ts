import type { Digest } from '../core/digest.ts'

/** A blob that is on its way from an upstream. */
export type InFlight = {
  readonly digest: Digest
  readonly sizeBytes: number
  /** How much of it has come, where that is told. */
  readonly bytes: number | undefined
  readonly forMs: number
}

/** What came since it was last told. */
export type Came = { readonly bytes: number; readonly tookMs: number }

/** The blobs that are on their way, each from its `begin` to its `end`. */
export type InFlights = {
  readonly begin: (digest: Digest, sizeBytes: number, timeMs: number) => void
  /** `bytes` in all; undefined where the blob is not on its way. */
  readonly advance: (digest: Digest, bytes: number, timeMs: number) => Came | undefined
  readonly end: (digest: Digest, timeMs: number) => Came | undefined
  /** Ends those that a problem's subject names. */
  readonly endNamed: (subject: string) => void
  /** Largest first. */
  readonly list: (nowMs: number) => readonly InFlight[]
}

type Flight = {
  readonly sizeBytes: number
  readonly sinceMs: number
  readonly bytes: number | undefined
  readonly toldMs: number
}

/** Creates an empty list. */
export function createInFlight(): InFlights {
  const flights = new Map<Digest, Flight>()

  return {
    begin(digest, sizeBytes, timeMs) {
      const bytes = undefined
      flights.set(digest, { sizeBytes, sinceMs: timeMs, bytes, toldMs: timeMs })
    },
    advance(digest, bytes, timeMs) {
      const flight = flights.get(digest)
      if (flight === undefined) return undefined
      flights.set(digest, { ...flight, bytes, toldMs: timeMs })
      return { bytes: bytes - (flight.bytes ?? 0), tookMs: timeMs - flight.toldMs }
    },
    end(digest, timeMs) {
      const flight = flights.get(digest)
      if (flight === undefined) return undefined
      flights.delete(digest)
      const { sizeBytes, bytes = 0, toldMs } = flight
      return { bytes: sizeBytes - bytes, tookMs: timeMs - toldMs }
    },
    endNamed(subject) {
      for (const digest of flights.keys()) if (subject.includes(digest)) flights.delete(digest)
    },
    list: (nowMs) =>
      [...flights]
        .map(([digest, { sizeBytes, bytes, sinceMs }]) => ({
          digest,
          sizeBytes,
          bytes,
          forMs: nowMs - sinceMs,
        }))
        .toSorted((a, b) => b.sizeBytes - a.sizeBytes),
  }
}
