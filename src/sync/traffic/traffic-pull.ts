import type { Digest } from '../../core/digest.ts'
import type { ClientLocation } from '../../core/location.ts'

/** What a line says: a time, and the pull of a blob if it is of one. Undefined: not understood. */
export type TrafficLine = {
  readonly timeMs?: number | undefined
  readonly pull?: Pull | undefined
  /** Events that the log left out where this line is: there was more traffic than is known. */
  readonly lost?: number | undefined
}

/** A blob that a client went for. */
export type Pull = {
  readonly digest: Digest
  /** Undefined: nowhere known. */
  readonly location: ClientLocation | undefined
  /** What it read, where the line says; undefined: the whole blob, whatever its size. */
  readonly bytes: number | undefined
}

/** Tells an address's location; undefined where it is nowhere known. */
export type Locate = (address: string) => ClientLocation | undefined

/**
 * Whether a GET that was answered so sent a client to a blob: it got it, a range of it, or the
 * address of it (registries use 302, 303, 307 and 308).
 */
export function isPull(method: string, status: number): boolean {
  return method === 'GET' && pulls.has(status)
}

const pulls = new Set([200, 206, 302, 303, 307, 308])
