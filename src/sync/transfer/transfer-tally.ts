import type { Digest } from '../../core/digest.ts'
import type { BlobSource } from './read-blob.ts'

/** Blobs that arrived, and their bytes. */
export type Moved = { readonly blobs: number; readonly bytes: number }

/** Requests that one mirror was asked, by what they cost: tries that failed among them. */
export type BlobRequests = {
  readonly puts: number
  readonly copies: number
  readonly reads: number
}

/** What was moved, by mirror id, and what was seen on the way. */
export type Transferred = {
  /** From the upstream. */
  readonly uploaded: ReadonlyMap<string, Moved>
  /** From another mirror. */
  readonly copied: ReadonlyMap<string, Moved>
  /** What came to a mirror from another: bytes by the id of the mirror it came from. */
  readonly copiedFrom: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Read from upstreams, wrong bytes too. */
  readonly upstreamBytes: number
  /** The same by repository: whose upstream is the caller's to know. */
  readonly repositoryBytes: ReadonlyMap<string, number>
  /** Read from mirrors, to be written to others: what was copied inside a store is not among them. */
  readonly mirrorBytes: number
  readonly requests: ReadonlyMap<string, BlobRequests>
  /** Blobs of which a mirror was seen to hold wrong bytes that could not be written over. */
  readonly spoiled: ReadonlyMap<string, ReadonlySet<Digest>>
}

/** What a run comes to where nothing is moved. */
export const nothingMoved: Transferred = createTally([])

/** Counts while a run goes on. */
export type Tally = Omit<Transferred, 'spoiled'> & {
  /** `from` is a mirror, or `upstream`. */
  readonly moved: (mirror: string, from: string, sizeBytes: number) => void
  readonly asked: (mirror: string, what: keyof BlobRequests) => void
  /** Bytes that came from a mirror, or from a repository of an upstream. */
  readonly read: (source: BlobSource, count: number) => void
  readonly spoiled: ReadonlyMap<string, Set<Digest>>
}

/** Creates the tally of one run, in which nothing was moved yet. */
export function createTally(ids: readonly string[]): Tally {
  const byId = <T>(create: () => T) => new Map(ids.map((id) => [id, create()]))
  const uploaded = byId(() => ({ blobs: 0, bytes: 0 }))
  const copied = byId(() => ({ blobs: 0, bytes: 0 }))
  const requests = byId(() => ({ puts: 0, copies: 0, reads: 0 }))
  const copiedFrom = byId(() => new Map<string, number>())
  const repositoryBytes = new Map<string, number>()
  const bytes = { upstream: 0, mirror: 0 }

  return {
    uploaded,
    copied,
    copiedFrom,
    repositoryBytes,
    requests,
    spoiled: byId(() => new Set<Digest>()),
    get upstreamBytes() {
      return bytes.upstream
    },
    get mirrorBytes() {
      return bytes.mirror
    },
    moved(mirror, from, sizeBytes) {
      const counts = (from === 'upstream' ? uploaded : copied).get(mirror)!
      counts.blobs++
      counts.bytes += sizeBytes
      if (from !== 'upstream') add(copiedFrom.get(mirror)!, from, sizeBytes)
    },
    asked(mirror, what) {
      requests.get(mirror)![what]++
    },
    read(source, count) {
      bytes[source.kind] += count
      if (source.kind === 'upstream') add(repositoryBytes, source.repository, count)
    },
  }
}

function add(sums: Map<string, number>, name: string, count: number): void {
  sums.set(name, (sums.get(name) ?? 0) + count)
}
