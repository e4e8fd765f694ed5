import type { Digest } from '../core/digest.ts'
import type { WantedBlob } from '../core/plan.ts'

/** Blobs that manifests named, each once. */
export type FoundBlobs = {
  readonly has: (digest: Digest) => boolean
  /** Notes that a blob that is here is in another repository, too. */
  readonly addRepository: (digest: Digest, repository: string) => void
  /** Notes that a manifest in a repository names a blob; whether it is the first to do so. */
  readonly add: (digest: Digest, sizeBytes: number, repository: string) => boolean
  /** By digest. The size is the one first heard of. */
  readonly all: () => ReadonlyMap<Digest, WantedBlob>
  /** Blobs that manifests give several sizes. */
  readonly disputed: () => readonly DisputedBlob[]
}

/** A blob of several sizes: in bytes, each with a repository where a manifest says so. */
export type DisputedBlob = {
  readonly digest: Digest
  readonly claims: ReadonlyMap<number, string>
  readonly repositories: readonly string[]
}

/** Of a blob that hundreds of repositories name, so many are kept to read it from. */
const mostRepositories = 4
/** And so many of the sizes that they give it. */
const mostClaims = 8

/** Creates an empty collection. */
export function createFoundBlobs(): FoundBlobs {
  const blobs = new Map<Digest, WantedBlob & { readonly repositories: string[] }>()
  const claims = new Map<Digest, Map<number, string>>()

  return {
    has: (digest) => blobs.has(digest),
    addRepository,
    all: () => blobs,
    disputed: () =>
      [...claims].map(([digest, sizes]) => {
        const { repositories } = blobs.get(digest)!
        return { digest, claims: sizes, repositories }
      }),
    add(digest, sizeBytes, repository) {
      const known = blobs.get(digest)
      if (known === undefined) {
        blobs.set(digest, { digest, sizeBytes, repositories: [repository] })
        return true
      }
      addRepository(digest, repository)
      if (known.sizeBytes !== sizeBytes) dispute(known, sizeBytes, repository)
      return false
    },
  }

  function addRepository(digest: Digest, repository: string): void {
    const { repositories } = blobs.get(digest)!
    if (repositories.length < mostRepositories && !repositories.includes(repository)) {
      repositories.push(repository)
    }
  }

  function dispute(known: WantedBlob, sizeBytes: number, repository: string): void {
    const sizes = claims.get(known.digest) ?? new Map([[known.sizeBytes, known.repositories[0]!]])
    if (sizes.size < mostClaims && !sizes.has(sizeBytes)) sizes.set(sizeBytes, repository)
    claims.set(known.digest, sizes)
  }
}
