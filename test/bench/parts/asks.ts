import type { Digest } from '../../../src/core/digest.ts'
import type { FirstAsk } from './pinned.ts'

/** One request, and the address it comes from. */
export type Ask = {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly path: string
  readonly address: string
}

/** Where the clients are: addresses in AWS's Ireland, as X-Forwarded-For has them. */
export function irishAddress(n: number): string {
  return `34.240.${(n >> 8) & 255}.${n & 255}`
}

/** A request for each blob, each from an address of its own. */
export function blobAsks(digests: readonly Digest[]): readonly Ask[] {
  return digests.map((digest, n) => ({
    method: 'GET',
    path: `/v2/app/blobs/${digest}`,
    address: irishAddress(n),
  }))
}

/** A request as it goes over the wire, on a connection that is kept. */
export function requestText({ method, path, address }: Ask): string {
  return `${method} ${path} HTTP/1.1\r\nHost: registry.example\r\nX-Forwarded-For: ${address}\r\n\r\n`
}

/** Asks for a blob that a mirror holds: whoever answers with an address there is ready. */
export function firstAsk(ask: Ask, location: string): FirstAsk {
  return { asked: requestText(ask), wanted: location }
}
