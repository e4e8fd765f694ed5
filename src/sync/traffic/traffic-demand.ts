import type { Digest } from '../../core/digest.ts'
import type { BlobTraffic } from '../../core/hot-set.ts'
import type { ClientLocation, Cloud } from '../../core/location.ts'
import type { Traffic } from './traffic.ts'
import { nowhere } from './traffic.ts'
import type { TrafficTable } from './traffic-table.ts'

/**
 * The locations of the traffic, by the mirror that serves their clients, which `mirrorOf` tells: by
 * `undefined` those that none serves. It is asked about `undefined` for clients nowhere known.
 */
export function locationsByMirror(
  traffic: Traffic,
  mirrorOf: (client: ClientLocation | undefined) => string | undefined,
): ReadonlyMap<string | undefined, readonly string[]> {
  const locations = new Map<string | undefined, string[]>()
  for (const location of traffic.byLocation.keys()) {
    const [cloud, region = ''] = location.split('/')
    const id = mirrorOf(location === nowhere ? undefined : { cloud: cloud as Cloud, region })
    const known = locations.get(id)
    if (known === undefined) locations.set(id, [location])
    else known.push(location)
  }
  return locations
}

/**
 * What was pulled from these locations, each blob once. `sizeOf` tells a blob's size in bytes: one
 * whose size nobody knows is left out, as no image has it.
 */
export function* demandOf(
  traffic: Traffic,
  locations: readonly string[],
  sizeOf: (digest: Digest) => number | undefined,
): Generator<BlobTraffic> {
  const tables = locations.flatMap((location) => {
    const table = traffic.byLocation.get(location)
    return table === undefined ? [] : [{ location, table }]
  })
  for (const [index, { table }] of tables.entries()) {
    const before = tables.slice(0, index)
    const from = tables.slice(index)
    for (const digest of table.digests()) {
      if (before.some((other) => other.table.has(digest))) continue
      const sizeBytes = sizeOf(digest)
      if (sizeBytes === undefined) continue
      yield { digest, sizeBytes, pulled: pulledOf(digest, sizeBytes, from) }
    }
  }
}

/** What all clients pulled, in bytes, of the blobs whose sizes are known. */
export function bytesPulled(
  traffic: Traffic,
  sizeOf: (digest: Digest) => number | undefined,
): number {
  let sum = 0
  for (const table of traffic.byLocation.values()) {
    for (const digest of table.digests()) {
      const sizeBytes = sizeOf(digest)
      if (sizeBytes !== undefined) sum += table.bytesOf(digest, sizeBytes)
    }
  }
  return sum
}

function pulledOf(
  digest: Digest,
  sizeBytes: number,
  tables: readonly { readonly location: string; readonly table: TrafficTable }[],
): BlobTraffic['pulled'] {
  return tables
    .filter(({ table }) => table.has(digest))
    .map(({ location, table }) => ({ location, bytes: table.bytesOf(digest, sizeBytes) }))
}
