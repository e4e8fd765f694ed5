import { LRUCache } from 'lru-cache'
import type { Accepted } from '../../core/accept.ts'
import { choiceOf } from '../../core/accept.ts'
import type { Digest } from '../../core/digest.ts'
import { parseManifest } from '../../core/manifest.ts'
import type { Upstream } from '../../core/upstream.ts'
import { upstreamRepository } from '../../core/upstream.ts'

/** A manifest whose bytes were read whole, and have the digest that it is known by. */
export type KeptManifest = {
  readonly digest: Digest
  /** As the upstream said it: the type that it was pushed with. */
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What a tag was when its upstream said so last. */
export type SeenTag = {
  readonly digest: Digest
  /** When it was asked for, in milliseconds since 1970. */
  readonly seenMs: number
  /** When it was asked for in vain since, and what came of it. */
  readonly failed?: { readonly atMs: number; readonly why: string } | undefined
}

/** A repository at its upstream: what one of them gives says nothing of another. */
export type Place = string & { readonly _place: never }

/**
 * Manifests by digest, and the digests of tags. Answers and never promises, so that it may outlive
 * requests; what is used least recently leaves first.
 */
export type ManifestMemory = {
  readonly find: (place: Place, digest: Digest) => KeptManifest | undefined
  readonly keep: (place: Place, manifest: KeptManifest) => void
  /**
   * Whether a repository is known to have a manifest: a tag of it was that, or an index in it that was
   * kept lists it.
   */
  readonly isIn: (place: Place, digest: Digest) => boolean
  /** Upstreams answer by what a client takes, and so is a tag remembered. */
  readonly findTag: (place: Place, tag: string, accepted: Accepted) => SeenTag | undefined
  readonly keepTag: (place: Place, tag: string, accepted: Accepted, seen: SeenTag) => void
  readonly forgetTag: (place: Place, tag: string, accepted: Accepted) => void
}

/** What an entry takes beside its bytes: its key, and a few objects. */
const entryBytes = 1024
/** So many tags are remembered, of some hundred bytes each. */
const mostTags = 10_000
/** Of so many manifests it is remembered that their repository has them. */
const mostListed = 20_000

/** Creates an empty memory of so many bytes, tags not counted. */
export function createManifestMemory(memoryBytes: number, tagsAtMost = mostTags): ManifestMemory {
  const manifests = new LRUCache<string, KeptManifest>({
    maxSize: memoryBytes,
    sizeCalculation: ({ bytes }) => bytes.length + entryBytes,
  })
  const tags = new LRUCache<string, SeenTag>({ max: tagsAtMost })
  const listed = new LRUCache<string, true>({ max: mostListed })
  return {
    find: (place, digest) => manifests.get(`${place}@${digest}`),
    keep(place, manifest) {
      manifests.set(`${place}@${manifest.digest}`, manifest)
      for (const digest of childrenOf(manifest)) listed.set(`${place}@${digest}`, true)
    },
    isIn: (place, digest) => listed.has(`${place}@${digest}`),
    findTag: (place, tag, accepted) => tags.get(tagKey(place, tag, accepted)),
    keepTag(place, tag, accepted, seen) {
      tags.set(tagKey(place, tag, accepted), seen)
      listed.set(`${place}@${seen.digest}`, true)
    },
    forgetTag: (place, tag, accepted) => void tags.delete(tagKey(place, tag, accepted)),
  }
}

/** What an index lists; a registry takes no index whose manifests it does not have. */
function childrenOf({ bytes, mediaType }: KeptManifest): readonly string[] {
  const content = parseManifest(new TextDecoder().decode(bytes), mediaType)
  return typeof content === 'string' ? [] : content.manifests.map((each) => each.digest)
}

function tagKey(place: Place, tag: string, accepted: Accepted): string {
  return `${place}:${tag} ${choiceOf(accepted)}`
}

/** Where a repository's manifests are, the same for all addresses of one upstream. */
export function placeOf(upstream: Upstream, repository: string): Place {
  return `${nameOf(upstream)} ${upstreamRepository(upstream, repository)}` as Place
}

const names = new WeakMap<Upstream, string>()

function nameOf(upstream: Upstream): string {
  const known = names.get(upstream)
  if (known !== undefined) return known
  const { registry, others = [], credentials = '' } = upstream
  const [first] = [registry, ...others.map((each) => each.registry)].toSorted()
  // One registry may show one user what it hides from another.
  const name = `${first} ${credentials}`
  names.set(upstream, name)
  return name
}
