import type { ConfiguredUpstream } from '../../config.ts'
import type { Digest } from '../../core/digest.ts'
import { isWellFormedDigest } from '../../core/digest.ts'
import type { Descriptor } from '../../core/manifest.ts'
import { manifestMediaTypes } from '../../core/manifest.ts'
import { repositoryGrammar } from '../../core/request.ts'
import type { Upstream } from '../../core/upstream.ts'
import { ownRepository, upstreamRepository, upstreamUrl } from '../../core/upstream.ts'
import type { Environment } from '../bucket/bucket-client.ts'
import { digestOf, matchesDigest } from '../content-digest.ts'
import { createAuthority } from './upstream-auth.ts'
import type { ByteRange, OpenedBlob } from './upstream-blob.ts'
import { openBlob } from './upstream-blob.ts'
import { findCredentials } from './upstream-credentials.ts'
import { UpstreamError } from './upstream-error.ts'
import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf, readBody, sendRequest } from './upstream-request.ts'
import { indexType, readReferrers } from './upstream-referrers.ts'
import type { ListedTags } from './upstream-tags.ts'
import { listStrings, listTags } from './upstream-tags.ts'

export { blobDeadlineMs } from './upstream-blob.ts'
export type { ByteRange, OpenedBlob } from './upstream-blob.ts'
export type { ListedTags } from './upstream-tags.ts'

/** A manifest as it came, its content checked. */
export type FetchedManifest = {
  readonly bytes: Buffer
  readonly mediaType: string
  /** SHA-256 of the bytes, or what the upstream names a signed schema 1 manifest by. */
  readonly digest: string
}

/**
 * One upstream, as sync asks it. Repositories are named as clients name them. Every method throws
 * UpstreamError.
 */
export type UpstreamClient = {
  /** Repositories in the catalog that are in this upstream's namespace, as clients name them. */
  readonly listCatalog: () => Promise<readonly string[]>
  readonly listTags: (repository: string) => Promise<ListedTags>
  readonly getManifest: (repository: string, reference: string) => Promise<FetchedManifest>
  /** The digest of a manifest; undefined: this upstream does not say it. */
  readonly headManifest: (repository: string, reference: string) => Promise<string | undefined>
  /** Descriptors of what refers to a manifest; undefined: this upstream has no referrers API. */
  readonly getReferrers: (
    repository: string,
    digest: string,
  ) => Promise<readonly Descriptor[] | undefined>
  /** A blob's size in bytes. */
  readonly headBlob: (repository: string, digest: Digest) => Promise<number>
  /** Opens a blob of so many bytes, or a range of it. */
  readonly openBlob: (
    repository: string,
    digest: Digest,
    sizeBytes: number,
    range?: ByteRange,
  ) => Promise<OpenedBlob>
  /** How many requests left the machine: tries, hops of redirects and tokens counted. */
  readonly requests: () => number
}

export type UpstreamOptions = RequestSettings & {
  /** Sent to the upstream's own origin, and to no other that it redirects to. */
  readonly authorization?: string | undefined
  /** Where credentials are looked for, unless there is an authorization; default: nowhere. */
  readonly env?: Environment | undefined
}

/** An upstream, and which credentials it is asked with where that is configured. */
export type AskedUpstream = Upstream & Partial<Pick<ConfiguredUpstream, 'credentials'>>

/** The distribution spec has registries take 4 MiB, and clients take no more. */
export const largestManifestBytes = 4 * 1024 * 1024

const accept = manifestMediaTypes.join(', ')

/**
 * A client of one upstream. It holds no connection of its own: they are the dispatcher's, and so are
 * limits and circuits (see createUpstreamDispatcher).
 */
export function createUpstreamClient(
  upstream: AskedUpstream,
  options: UpstreamOptions,
): UpstreamClient {
  const { registry, credentials } = upstream
  const { authorization, env = {} } = options
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  let requests = 0
  const counted: RequestSettings = { ...options, onSent: () => requests++ }
  const authority = createAuthority({
    registry,
    settings: counted,
    findCredentials: () => findCredentials(registry, credentials, env),
  })
  const settings = authorization === undefined ? { ...counted, authority } : counted

  let referrers: 'unknown' | 'known' | 'none' = 'unknown'
  let findingReferrers: Promise<void> | undefined
  const asked = (
    method: 'GET' | 'HEAD',
    repository: string,
    rest: string,
    more: Readonly<Record<string, string>> = {},
  ): UpstreamRequest => ({
    method,
    url: upstreamUrl(upstream, repository, rest),
    headers: { ...headers, ...more },
    scope: `repository:${upstreamRepository(upstream, repository)}:pull`,
  })

  return {
    async listCatalog() {
      const url = `${registry}/v2/_catalog?n=1000`
      const request = { method: 'GET', url, headers, scope: 'registry:catalog:*' } as const
      const names = await listStrings(request, 'repositories', settings)
      return names
        .map((name) => ownRepository(upstream, name))
        .filter((name): name is string => name !== undefined && repositoryGrammar.test(name))
    },

    listTags: (repository) => listTags(asked('GET', repository, 'tags/list?n=1000'), settings),

    async getManifest(repository, reference) {
      const request = asked('GET', repository, `manifests/${reference}`, { accept })
      const answer = await sendRequest(request, settings)
      const bytes = await readBody(request, answer, largestManifestBytes)
      const mediaType = answer.header('content-type')?.split(';', 1)[0]?.trim() ?? ''
      const claimed = reference.includes(':') ? reference : answer.header('docker-content-digest')
      const matches = claimed === undefined ? undefined : matchesDigest(bytes, mediaType, claimed)
      if (matches === false) {
        const message = `wanted the manifest ${claimed} from ${nameOf(request)}, got ${digestOf(bytes)}`
        throw new UpstreamError('digest', message)
      }
      return { bytes, mediaType, digest: matches === true ? claimed! : digestOf(bytes) }
    },

    async headManifest(repository, reference) {
      const request = asked('HEAD', repository, `manifests/${reference}`, { accept })
      const digest = (await sendRequest(request, settings)).header('docker-content-digest')
      return digest !== undefined && isWellFormedDigest(digest) ? digest : undefined
    },

    async getReferrers(repository, digest) {
      // One finds out for all: until then the others would be asking in vain.
      if (findingReferrers !== undefined) await findingReferrers
      if (referrers === 'none') return undefined
      const request = asked('GET', repository, `referrers/${digest}`, { accept: indexType })
      const reading = readReferrers(request, settings)
      if (referrers === 'unknown') findingReferrers = findReferrers(reading)
      return reading
    },

    async headBlob(repository, digest) {
      const request = asked('HEAD', repository, `blobs/${digest}`)
      const answer = await sendRequest(request, settings)
      const length = answer.header('content-length')
      if (length === undefined || !/^\d+$/.test(length)) {
        throw new UpstreamError(
          'malformed',
          `wanted a Content-Length from ${nameOf(request)}, got none`,
        )
      }
      return Number(length)
    },

    openBlob: (repository, digest, sizeBytes, range) =>
      openBlob(asked('GET', repository, `blobs/${digest}`), sizeBytes, range, settings),

    requests: () => requests,
  }

  async function findReferrers(reading: Promise<readonly Descriptor[] | undefined>): Promise<void> {
    try {
      referrers = (await reading) === undefined ? 'none' : 'known'
    } catch {
      // Said to whoever asked; the next finds it out.
    }
    findingReferrers = undefined
  }
}
