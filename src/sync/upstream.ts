import type { Readable } from 'node:stream'
import type { Digest } from '../core/digest.ts'
import type { Descriptor } from '../core/manifest.ts'
import { manifestMediaTypes, parseManifest } from '../core/manifest.ts'
import { repositoryGrammar, tagGrammar } from '../core/request.ts'
import type { Upstream } from '../core/upstream.ts'
import { upstreamRepository, upstreamUrl } from '../core/upstream.ts'
import { digestOf, matchesDigest } from './content-digest.ts'
import { UpstreamError } from './upstream-error.ts'
import { readPages } from './upstream-pages.ts'
import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf, readBody, sendRequest } from './upstream-request.ts'

/** A manifest as it came, its content checked. */
export type FetchedManifest = {
  readonly bytes: Buffer
  readonly mediaType: string
  /** SHA-256 of the bytes, or what the upstream names a signed schema 1 manifest by. */
  readonly digest: string
}

/** A blob about to be read. `lengthBytes` is what the answer says, if it says it. */
export type OpenedBlob = { readonly body: Readable; readonly lengthBytes: number | undefined }

/**
 * One upstream, as sync asks it. Repositories are named as clients name them. Every method throws
 * UpstreamError.
 */
export type UpstreamClient = {
  /** Repositories in the catalog that are in this upstream's namespace, as clients name them. */
  readonly listCatalog: () => Promise<readonly string[]>
  readonly listTags: (repository: string) => Promise<readonly string[]>
  readonly getManifest: (repository: string, reference: string) => Promise<FetchedManifest>
  /** Descriptors of what refers to a manifest; undefined: this upstream has no referrers API. */
  readonly getReferrers: (
    repository: string,
    digest: string,
  ) => Promise<readonly Descriptor[] | undefined>
  /** A blob's size in bytes. */
  readonly headBlob: (repository: string, digest: Digest) => Promise<number>
  readonly openBlob: (repository: string, digest: Digest, sizeBytes: number) => Promise<OpenedBlob>
}

export type UpstreamOptions = RequestSettings & {
  /** Sent to the upstream's own host, and to no other that it redirects to. */
  readonly authorization?: string | undefined
}

/** The distribution spec has registries take 4 MiB, and clients take no more. */
export const largestManifestBytes = 4 * 1024 * 1024

/** Statuses of registries that know no referrers API: what other clients take for it too. */
const noReferrers = [400, 404, 405, 406, 501]

const accept = manifestMediaTypes.join(', ')
const indexType = 'application/vnd.oci.image.index.v1+json'

/** A client of one upstream. It holds no connection of its own: they are the dispatcher's. */
export function createUpstreamClient(upstream: Upstream, options: UpstreamOptions): UpstreamClient {
  const headers: Record<string, string> =
    options.authorization === undefined ? {} : { authorization: options.authorization }
  let hasReferrers = true
  const asked = (
    method: 'GET' | 'HEAD',
    repository: string,
    rest: string,
    more: Readonly<Record<string, string>> = {},
  ): UpstreamRequest => ({
    method,
    url: upstreamUrl(upstream, repository, rest),
    headers: { ...headers, ...more },
  })

  return {
    async listCatalog() {
      const url = `${upstream.registry}/v2/_catalog?n=1000`
      const names = await listStrings({ method: 'GET', url, headers }, 'repositories', options)
      const before = upstreamRepository(upstream, '')
      return names
        .filter((name) => name.startsWith(before))
        .map((name) => name.slice(before.length))
        .filter((name) => repositoryGrammar.test(name))
    },

    async listTags(repository) {
      const request = asked('GET', repository, 'tags/list?n=1000')
      const tags = await listStrings(request, 'tags', options)
      return tags.filter((tag) => tagGrammar.test(tag))
    },

    async getManifest(repository, reference) {
      const request = asked('GET', repository, `manifests/${reference}`, { accept })
      const answer = await sendRequest(request, options)
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

    async getReferrers(repository, digest) {
      if (!hasReferrers) return undefined
      const request = asked('GET', repository, `referrers/${digest}`, { accept: indexType })
      const descriptors = new Map<string, Descriptor>()
      let isIndex = true
      try {
        await readPages(request, options, ({ page, contentType }) => {
          // The spec has exactly this type; a host that knows no such path may send a page for
          // people.
          isIndex = contentType === indexType
          if (!isIndex) return 'stop'
          const content = parseManifest(JSON.stringify(page), contentType)
          if (typeof content === 'string') {
            throw new UpstreamError('malformed', `${content} from ${nameOf(request)}`)
          }
          const before = descriptors.size
          for (const each of content.manifests) descriptors.set(each.digest, each)
          return descriptors.size - before
        })
      } catch (error) {
        if (!(error instanceof UpstreamError) || !noReferrers.includes(error.status ?? 0))
          throw error
        isIndex = false
      }
      hasReferrers &&= isIndex
      return isIndex ? [...descriptors.values()] : undefined
    },

    async headBlob(repository, digest) {
      const request = asked('HEAD', repository, `blobs/${digest}`)
      const answer = await sendRequest(request, options)
      const length = answer.header('content-length')
      if (length === undefined || !/^\d+$/.test(length)) {
        throw new UpstreamError(
          'malformed',
          `wanted a Content-Length from ${nameOf(request)}, got none`,
        )
      }
      return Number(length)
    },

    async openBlob(repository, digest, sizeBytes) {
      const request = {
        ...asked('GET', repository, `blobs/${digest}`),
        deadlineMs: blobDeadlineMs(sizeBytes),
      }
      const answer = await sendRequest(request, options)
      const length = answer.header('content-length')
      return { body: answer.body, lengthBytes: length === undefined ? undefined : Number(length) }
    },
  }
}

/**
 * Two minutes, and time for the bytes at 100 kB/s: slower than that is as good as standing still.
 */
export function blobDeadlineMs(sizeBytes: number): number {
  return 120_000 + Math.ceil(sizeBytes / 100)
}

async function listStrings(
  request: UpstreamRequest,
  field: string,
  settings: RequestSettings,
): Promise<readonly string[]> {
  const names = new Set<string>()
  await readPages(request, settings, ({ page }) => {
    // Go writes an empty list as null.
    const list = page[field] ?? []
    if (!Array.isArray(list)) {
      throw new UpstreamError('malformed', `wanted a list of ${field} from ${nameOf(request)}`)
    }
    const before = names.size
    for (const name of list) if (typeof name === 'string') names.add(name)
    return names.size - before
  })
  return [...names]
}
