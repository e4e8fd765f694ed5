import { isWellFormedDigest } from '../core/digest.ts'
import { artifactRegistryFields } from './artifact-registry.ts'
import type { Handler } from './observe.ts'
import { linkTo, parsePage, takePage } from './paging.ts'
import { content, json, registryError } from './registry-answer.ts'
import { type Repository, findManifest, referrersOf } from './repository.ts'

/** How one registry behaves where registries differ; see RegistryOptions. */
export type PullBehaviour = {
  readonly pageLimit: number
  readonly referrers: boolean
  readonly accept: 'honoured' | 'ignored'
  readonly artifactRegistry: boolean
}

type Asked = {
  readonly request: Request
  readonly url: URL
  readonly repository: Repository
  readonly name: string
  /** What follows the kind in the path: a digest, a tag, or `list`. */
  readonly reference: string
}

// The words are legal parts of a name too, so the last of them counts.
const route = /^\/v2\/(?<name>.+)\/(?<kind>blobs|manifests|referrers|tags)\/(?<reference>[^/]+)$/
// OCI distribution-spec, "Pulling manifests".
const nameGrammar = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/

/**
 * The pull half of OCI distribution-spec 1.1, and `_catalog`, over what the repositories hold at
 * the time.
 */
export function registryHandler(
  repositories: ReadonlyMap<string, Repository>,
  behaviour: PullBehaviour,
): Handler {
  return async (request) => {
    const response = answer(request, repositories, behaviour)
    response.headers.set('Docker-Distribution-Api-Version', 'registry/2.0')
    if (request.method !== 'HEAD') return response
    // A HEAD is answered with the headers of the GET, Content-Length among them.
    return new Response(null, { status: response.status, headers: response.headers })
  }
}

function answer(
  request: Request,
  repositories: ReadonlyMap<string, Repository>,
  behaviour: PullBehaviour,
): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return registryError(
      'UNSUPPORTED',
      `${request.method} is not served: this registry is read-only`,
      {
        Allow: 'GET, HEAD',
      },
    )
  }
  const url = new URL(request.url)
  if (url.pathname === '/v2/' || url.pathname === '/v2') return json({})
  if (url.pathname === '/v2/_catalog') return catalog(url, repositories, behaviour)

  const { name, kind, reference } = decodedPath(url).match(route)?.groups ?? {}
  const isRoute = name !== undefined && kind !== undefined && reference !== undefined
  if (!isRoute || (kind === 'tags' && reference !== 'list')) {
    return registryError('NAME_UNKNOWN', `nothing is served at ${url.pathname}`)
  }
  if (!nameGrammar.test(name))
    return registryError('NAME_INVALID', `${name} is not a repository name`)
  const repository = repositories.get(name)
  if (repository === undefined) return registryError('NAME_UNKNOWN', `no repository ${name}`)

  const asked = { request, url, repository, name, reference }
  switch (kind) {
    case 'blobs':
      return blob(asked)
    case 'manifests':
      return manifest(asked, behaviour)
    case 'referrers':
      return referrers(asked, behaviour)
    default:
      return tags(asked, behaviour)
  }
}

function blob({ request, repository, reference }: Asked): Response {
  if (!isWellFormedDigest(reference))
    return registryError('DIGEST_INVALID', `${reference} is no digest`)
  const bytes = repository.blobs.get(reference)
  if (bytes === undefined) return registryError('BLOB_UNKNOWN', `no blob ${reference}`)
  return content(request, bytes, { mediaType: 'application/octet-stream', digest: reference })
}

function manifest({ request, repository, reference }: Asked, behaviour: PullBehaviour): Response {
  // The conformance suite asks for an illegal tag and wants 404, so nothing here is 400.
  const found = findManifest(repository, reference)
  if (found === undefined) return registryError('MANIFEST_UNKNOWN', `no manifest ${reference}`)

  if (behaviour.accept === 'honoured' && !accepts(request.headers.get('accept'), found.mediaType)) {
    const message = `${found.mediaType} found, but the Accept header does not name it`
    return registryError('MANIFEST_UNKNOWN', message)
  }
  return content(request, found.bytes, found)
}

function accepts(header: string | null, mediaType: string): boolean {
  if (header === null) return true
  const wanted = header.split(',').map((part) => (part.split(';')[0] ?? '').trim().toLowerCase())
  return [mediaType, 'application/*', '*/*'].some((type) => wanted.includes(type))
}

function tags({ url, repository, name }: Asked, behaviour: PullBehaviour): Response {
  const wanted = parsePage(url.searchParams, behaviour.pageLimit)
  if (wanted === undefined) return badPage(url)
  const { items, next } = takePage(repository.tags.keys(), (tag) => tag, wanted)
  const extension = behaviour.artifactRegistry ? artifactRegistryFields(repository) : {}
  return json({ name, tags: items, ...extension }, linkHeader(url, next))
}

function referrers({ url, repository, reference }: Asked, behaviour: PullBehaviour): Response {
  if (!behaviour.referrers) return registryError('NAME_UNKNOWN', 'no referrers here')
  if (!isWellFormedDigest(reference))
    return registryError('DIGEST_INVALID', `${reference} is no digest`)
  const wanted = parsePage(url.searchParams, behaviour.pageLimit)
  if (wanted === undefined) return badPage(url)

  const artifactType = url.searchParams.get('artifactType')
  const all = referrersOf(repository, reference).filter(
    (descriptor) => artifactType === null || descriptor.artifactType === artifactType,
  )
  const { items, next } = takePage(all, (descriptor) => descriptor.digest, wanted)
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  return json(
    { schemaVersion: 2, mediaType, manifests: items },
    {
      ...linkHeader(url, next),
      'Content-Type': mediaType,
      ...(artifactType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    },
  )
}

function catalog(
  url: URL,
  repositories: ReadonlyMap<string, Repository>,
  behaviour: PullBehaviour,
): Response {
  const wanted = parsePage(url.searchParams, behaviour.pageLimit)
  if (wanted === undefined) return badPage(url)
  const { items, next } = takePage(repositories.keys(), (name) => name, wanted)
  return json({ repositories: items }, linkHeader(url, next))
}

// Clients may write the colon of a digest as %3A.
function decodedPath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname)
  } catch {
    return ''
  }
}

function badPage(url: URL): Response {
  const n = url.searchParams.get('n')
  return registryError('PAGINATION_NUMBER_INVALID', `n wants a number from 0, and got ${n}`)
}

function linkHeader(url: URL, next: string | undefined): Record<string, string> {
  return next === undefined ? {} : { Link: linkTo(url, next) }
}
