import type { Digest } from '../../core/digest.ts'
import { DigestTable, grown } from '../../core/digest-table.ts'
import type { ManifestForm } from '../../core/ledger.ts'
import type { WantedBlob, WantedBlobs } from '../../core/plan.ts'

/** Blobs that manifests named, each once, in columns: there may be millions. */
export type FoundBlobs = WantedBlobs & {
  readonly size: () => number
  readonly has: (digest: Digest) => boolean
  /** Notes that a blob that is here is in another repository, too. */
  readonly addRepository: (digest: Digest, repository: string) => void
  /** Notes that a manifest in a repository names a blob; whether it is the first to do so. */
  readonly add: (digest: Digest, sizeBytes: number, repository: string) => boolean
  /**
   * Notes that a manifest is itself wanted, of this length whatever others say; whether it was not
   * there before.
   */
  readonly addManifest: (digest: Digest, form: ManifestForm, repository: string) => boolean
  /** Whether a repository of this group (its place among those it was created with) names it. */
  readonly isInGroup: (digest: Digest, group: number) => boolean
  /** Blobs that manifests give several sizes. */
  readonly disputed: () => readonly DisputedBlob[]
  /** Says which size a disputed blob has; undefined: nobody knows, and it is left out. */
  readonly settle: (digest: Digest, sizeBytes: number | undefined) => void
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
/** The size of a blob that was left out. */
const leftOut = -1

/** Creates an empty collection. A group is of repositories, as a mirror that holds some alone wants. */
export function createFoundBlobs(
  groups: readonly ((repository: string) => boolean)[] = [],
): FoundBlobs {
  const digests = new DigestTable()
  const places = createNumbering()
  const groupBytes = Math.ceil(groups.length / 8)
  let sizes = new Float64Array(64)
  /** Repositories by their number plus one, `mostRepositories` a row. */
  let repositories = new Uint32Array(64 * mostRepositories)
  let groupSets = new Uint8Array(64 * groupBytes)
  /** Media types of manifests by their number plus one; blobs have none. */
  let types = new Uint32Array(64)
  const typeNames = createNumbering()
  const claims = new Map<Digest, Map<number, string>>()

  return {
    size: () => digests.size,
    has: (digest) => digests.find(digest) >= 0,
    get: (digest) => blobIn(digests.find(digest)),
    *[Symbol.iterator]() {
      for (let row = 0; row < digests.size; row++) {
        const blob = blobIn(row)
        if (blob !== undefined) yield blob
      }
    },
    addRepository: (digest, repository) => addTo(digests.find(digest), repository),
    add(digest, sizeBytes, repository) {
      const count = digests.size
      const row = digests.add(digest)
      const isNew = digests.size > count
      if (isNew) {
        makeRoom(row)
        sizes[row] = sizeBytes
      } else if (sizes[row] !== sizeBytes && types[row] === 0) {
        dispute(row, sizeBytes, repository)
      }
      addTo(row, repository)
      return isNew
    },
    addManifest(digest, { sizeBytes, mediaType }, repository) {
      const count = digests.size
      const row = digests.add(digest)
      makeRoom(row)
      sizes[row] = sizeBytes
      types[row] = typeNames.of(mediaType) + 1
      addTo(row, repository)
      return digests.size > count
    },
    isInGroup(digest, group) {
      const row = digests.find(digest)
      return row >= 0 && (groupSets[row * groupBytes + (group >> 3)]! & (1 << (group & 7))) !== 0
    },
    disputed: () =>
      [...claims].flatMap(([digest, sizesOf]) => {
        const row = digests.find(digest)
        // The length of a manifest was seen.
        if (types[row] !== 0) return []
        return [{ digest, claims: sizesOf, repositories: repositoriesOf(row) }]
      }),
    settle(digest, sizeBytes = leftOut) {
      sizes[digests.find(digest)] = sizeBytes
    },
  }

  function blobIn(row: number): WantedBlob | undefined {
    if (row < 0 || sizes[row] === leftOut) return undefined
    const blob = {
      digest: digests.at(row),
      sizeBytes: sizes[row]!,
      repositories: repositoriesOf(row),
    }
    const type = types[row]!
    return type === 0 ? blob : { ...blob, manifest: typeNames.at(type - 1) }
  }

  function repositoriesOf(row: number): readonly string[] {
    const from = row * mostRepositories
    return [...repositories.subarray(from, from + mostRepositories)]
      .filter((number) => number > 0)
      .map((number) => places.at(number - 1))
  }

  function addTo(row: number, repository: string): void {
    const number = places.of(repository) + 1
    for (let at = row * mostRepositories; at < (row + 1) * mostRepositories; at++) {
      if (repositories[at] === number) return
      if (repositories[at] !== 0) continue
      repositories[at] = number
      break
    }
    groups.forEach((isOf, group) => {
      if (isOf(repository)) groupSets[row * groupBytes + (group >> 3)]! |= 1 << (group & 7)
    })
  }

  function makeRoom(row: number): void {
    if (row < sizes.length) return
    sizes = grown(sizes)
    repositories = grown(repositories)
    groupSets = grown(groupSets)
    types = grown(types)
  }

  function dispute(row: number, sizeBytes: number, repository: string): void {
    const digest = digests.at(row)
    const said = claims.get(digest) ?? new Map([[sizes[row]!, repositoriesOf(row)[0]!]])
    if (said.size < mostClaims && !said.has(sizeBytes)) said.set(sizeBytes, repository)
    claims.set(digest, said)
  }
}

/** Names by number and back. */
function createNumbering() {
  const numbers = new Map<string, number>()
  const names: string[] = []
  return {
    at: (number: number) => names[number]!,
    of(name: string): number {
      const known = numbers.get(name)
      if (known !== undefined) return known
      numbers.set(name, names.length)
      return names.push(name) - 1
    },
  }
}
