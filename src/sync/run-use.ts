import type { Config, ConfiguredMirror } from '../config.ts'
import type { BlobWork, Plan } from '../core/plan.ts'
import { largestBlobBytes } from '../core/plan.ts'
import type { CloudPlace } from '../core/prices.ts'
import type { MirrorUse, RunUse } from '../core/run-cost.ts'
import { upstreamOf } from '../core/upstream.ts'
import type { OpenMirror } from './open-mirrors.ts'
import { storeName } from './bucket/bucket-client.ts'
import { usualMultipart } from './bucket/multipart-settings.ts'
import type { Transferred } from './transfer/transfer-tally.ts'

/** What came to each mirror, or would: from upstreams, and from other mirrors by their ids. */
type Arrivals = {
  readonly uploads: ReadonlyMap<string, Requested>
  readonly copies: ReadonlyMap<string, ReadonlyMap<string, Requested>>
  readonly repositoryBytes: ReadonlyMap<string, number>
}

type Requested = { readonly requests: number; readonly bytes: number }

/** A page of a listing. */
const keysEach = 1000
/** The canary by GET, HEAD and two ranges, the marker, the ledger, the index's pointer. */
const readsEach = 7

/**
 * What a run that was done asked of upstreams and stores, to be priced. `held` are the bytes of each
 * mirror at its end.
 */
export function usedBy(
  config: Config,
  moved: Transferred,
  open: readonly OpenMirror[],
  held: ReadonlyMap<string, number>,
): RunUse {
  const uploads = new Map(
    [...moved.uploaded].map(([id, { bytes }]) => {
      return [id, { requests: moved.requests.get(id)!.puts, bytes }]
    }),
  )
  const copies = new Map(
    [...moved.copiedFrom].map(([id, from]) => {
      // Which of them were asked of which mirror is not counted, and all cost the same.
      const requests = Math.ceil(moved.requests.get(id)!.copies / from.size)
      return [id, new Map([...from].map(([mirror, bytes]) => [mirror, { requests, bytes }]))]
    }),
  )
  return useOf(config, { uploads, copies, repositoryBytes: moved.repositoryBytes }, open, held)
}

/** What a run would ask if it did what is planned, by the configured spread. */
export function plannedUse(config: Config, plan: Plan, open: readonly OpenMirror[]): RunUse {
  const arrivals = { uploads: new Map(), copies: new Map(), repositoryBytes: new Map() } as {
    readonly uploads: Map<string, Requested>
    readonly copies: Map<string, Map<string, Requested>>
    readonly repositoryBytes: Map<string, number>
  }
  const stores = new Map(config.mirrors.map(({ id, store }) => [id, storeName(store)]))
  const held = new Map(open.map(({ id, listing }) => [id, sum(listing.values())]))
  for (const blob of plan.work) {
    for (const [to, from] of waysOf(blob, config.sync.spread, stores)) {
      const requests = requestsFor(blob.sizeBytes)
      held.set(to, held.get(to)! + blob.sizeBytes)
      if (from === undefined) add(arrivals.uploads, to, requests, blob.sizeBytes)
      else {
        const froms = arrivals.copies.get(to) ?? new Map<string, Requested>()
        add(froms, from, requests, blob.sizeBytes)
        arrivals.copies.set(to, froms)
      }
    }
    if (blob.having.length > 0) continue
    const [repository] = blob.repositories as readonly [string]
    const { repositoryBytes } = arrivals
    repositoryBytes.set(repository, (repositoryBytes.get(repository) ?? 0) + blob.sizeBytes)
  }
  return useOf(config, arrivals, open, held)
}

/** From where each mirror that lacks a blob would get it; undefined: from the upstream. */
function waysOf(
  { lacking, having }: BlobWork,
  spread: Config['sync']['spread'],
  stores: ReadonlyMap<string, string>,
): ReadonlyMap<string, string | undefined> {
  const ways = new Map<string, string | undefined>()
  const holders = [...having]
  for (const to of lacking) {
    const near = holders.find((from) => stores.get(from) === stores.get(to))
    const from = spread === 'copy' ? (near ?? having[0]) : spread === 'tee' ? having[0] : holders[0]
    ways.set(to, from)
    holders.push(to)
  }
  return ways
}

/** One, or the parts and the two requests around them. */
function requestsFor(sizeBytes: number): number {
  if (sizeBytes <= largestBlobBytes) return 1
  return Math.ceil(sizeBytes / usualMultipart.partBytes) + 2
}

function useOf(
  config: Config,
  { uploads, copies, repositoryBytes }: Arrivals,
  open: readonly OpenMirror[],
  held: ReadonlyMap<string, number>,
): RunUse {
  const byId = new Map(config.mirrors.map((mirror) => [mirror.id, mirror]))
  const bytesOf = new Map<string, number>()
  for (const [repository, bytes] of repositoryBytes) {
    const { registry } = upstreamOf(config.upstreams, repository)!
    bytesOf.set(registry, (bytesOf.get(registry) ?? 0) + bytes)
  }
  return {
    runner: placeOf(config.sync.runsIn),
    upstreams: config.upstreams.map(({ registry, cloud }) => ({
      name: registry,
      place: cloud === undefined ? undefined : { cloud },
      bytesRead: bytesOf.get(registry) ?? 0,
    })),
    mirrors: open.map(({ id, listing }): MirrorUse => {
      const { cloud, region } = byId.get(id)!
      return {
        id,
        cloud,
        region,
        uploads: uploads.get(id) ?? { requests: 0, bytes: 0 },
        copies: [...(copies.get(id) ?? [])].map(([from, sums]) => ({
          from: mirrorPlace(byId.get(from)!),
          ...sums,
        })),
        lists: Math.max(1, Math.ceil(listing.size / keysEach)),
        reads: readsEach,
        bytesHeld: held.get(id) ?? 0,
      }
    }),
  }
}

function mirrorPlace({ id, cloud, region }: ConfiguredMirror) {
  return { id, cloud, region }
}

function placeOf(location: string | undefined): CloudPlace | undefined {
  const [cloud, region] = location?.split('/') ?? []
  return cloud === undefined ? undefined : { cloud, region: region! }
}

function add(sums: Map<string, Requested>, key: string, requests: number, bytes: number): void {
  const before = sums.get(key) ?? { requests: 0, bytes: 0 }
  sums.set(key, { requests: before.requests + requests, bytes: before.bytes + bytes })
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
