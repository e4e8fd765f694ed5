import { type Intercept, type Observed, observe } from './observe.ts'
import { type RegistryAuth, withAuth } from './registry-auth.ts'
import { registryHandler } from './registry-pull.ts'
import { type RegistryQuirks, withQuirks } from './registry-quirks.ts'
import { type Descriptor, type Repository, createRepository, digestOf } from './repository.ts'

export type RegistryOptions = {
  readonly intercept?: Intercept
  /**
   * The most items one page of tags, referrers or the catalog has, whatever `n` says. 1,000 unless
   * told otherwise.
   */
  readonly pageLimit?: number
  /** `false` answers 404 to referrers, as registries from before OCI 1.1 do. */
  readonly referrers?: boolean
  /**
   * Whether a manifest whose media type the Accept header does not name is 404 (`honoured`, the
   * default: distribution 2.8 and GHCR do so) or sent all the same (`ignored`). A wildcard, or no
   * Accept at all, takes anything (RFC 9110).
   */
  readonly accept?: 'honoured' | 'ignored'
  /** Adds `manifest` and `child` to tags/list, as Artifact Registry and gcr.io do. */
  readonly artifactRegistry?: boolean
  /** Whom it lets in; everyone, unless told otherwise. */
  readonly auth?: RegistryAuth
  /** What it does as no other; nothing, unless told otherwise. */
  readonly quirks?: RegistryQuirks
}

/**
 * An upstream in memory: the pull half of OCI distribution-spec 1.1, filled by calls and not over
 * HTTP.
 */
export type Registry = Observed & {
  readonly putBlob: (bytes: Uint8Array, to: { readonly repository: string }) => Descriptor
  /**
   * `reference` is a tag, or a digest (then the manifest gets no tag). The manifest's bytes are not
   * looked at.
   */
  readonly putManifest: (
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Uint8Array,
  ) => string
  readonly deleteBlob: (repository: string, digest: string) => boolean
  readonly deleteManifest: (repository: string, digest: string) => boolean
  readonly deleteTag: (repository: string, tag: string) => boolean
}

/** Creates an empty registry. Putting something into a repository creates the repository. */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const repositories = new Map<string, Repository>()
  const handler = registryHandler(repositories, {
    pageLimit: options.pageLimit ?? 1000,
    referrers: options.referrers ?? true,
    accept: options.accept ?? 'honoured',
    artifactRegistry: options.artifactRegistry ?? false,
  })

  const guarded = options.auth === undefined ? handler : withAuth(handler, options.auth)
  const served =
    options.quirks === undefined ? guarded : withQuirks(guarded, handler, options.quirks)

  return Object.assign(observe(served, options.intercept), {
    putBlob: (bytes: Uint8Array, to: { readonly repository: string }): Descriptor => {
      const digest = digestOf(bytes)
      repositoryFor(to.repository).blobs.set(digest, new Uint8Array(bytes))
      return { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }
    },

    putManifest: (
      repository: string,
      reference: string,
      mediaType: string,
      bytes: Uint8Array,
    ): string => {
      const { manifests, tags } = repositoryFor(repository)
      const digest = digestOf(bytes)
      const isDigest = reference.includes(':')
      if (isDigest && reference !== digest) {
        throw new Error(`wanted a manifest with digest ${reference}, and got ${digest}`)
      }
      manifests.set(digest, { mediaType, bytes: new Uint8Array(bytes) })
      if (!isDigest) tags.set(reference, digest)
      return digest
    },

    deleteBlob: (repository: string, digest: string) =>
      repositories.get(repository)?.blobs.delete(digest) ?? false,

    deleteManifest: (repository: string, digest: string) => {
      const found = repositories.get(repository)
      if (found === undefined) return false
      for (const [tag, target] of found.tags) if (target === digest) found.tags.delete(tag)
      return found.manifests.delete(digest)
    },

    deleteTag: (repository: string, tag: string) =>
      repositories.get(repository)?.tags.delete(tag) ?? false,
  })

  function repositoryFor(name: string): Repository {
    const existing = repositories.get(name)
    if (existing !== undefined) return existing
    const created = createRepository()
    repositories.set(name, created)
    return created
  }
}
