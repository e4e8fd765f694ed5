import type { Digest } from './digest.ts'
import { isWellFormedDigest } from './digest.ts'
import type { Refusal } from './error.ts'
import { quote, refuse } from './error.ts'
import type { PutText, ReadUsual } from './usual-request.ts'
import { createUsualReader, putTextAnywhere } from './usual-request.ts'

/** What a client may ask of a pull-only registry; anything else is a refusal. */
export type RegistryRequest =
  | { readonly kind: 'version' }
  | BlobRequest
  | ManifestRequest
  | TagsRequest
  | ReferrersRequest
  | TokenRequest
  | Refusal

/** `query` is the raw query string with its `?`, or empty; containerd's `ns` is no longer in it. */
type Asked = {
  readonly method: 'GET' | 'HEAD'
  readonly repository: string
  readonly query: string
  /** The registry that containerd was asked for where it came here in its place, in lower case. */
  readonly ns: string | undefined
}

/**
 * `mirrorable` is the digest where it is a SHA-256; other algorithms are always the upstream's to
 * answer.
 */
export type BlobRequest = Asked & {
  readonly kind: 'blob'
  readonly digest: string
  readonly mirrorable: Digest | undefined
}
export type ManifestRequest = Asked & { readonly kind: 'manifest'; readonly reference: string }
export type TagsRequest = Asked & { readonly kind: 'tags' }
export type ReferrersRequest = Asked & { readonly kind: 'referrers'; readonly digest: string }
export type ListingRequest = TagsRequest | ReferrersRequest
/** A request for a token of an upstream, as its clients' own credentials are good for. */
export type TokenRequest = Omit<Asked, 'repository'> & { readonly kind: 'token' }

/** The distribution spec's grammar of repository names. */
export const repositoryGrammar =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
/** The distribution spec's grammar of tags. */
export const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** The registry that containerd was asked for, where a request says it. */
export function nsOf(request: RegistryRequest): string | undefined {
  return request.kind === 'version' || request.kind === 'refusal' ? undefined : request.ns
}

/**
 * Whether a tag is one that says whose signature, attestation or referrers it is: cosign's
 * (`sha256-<hex>.sig`), or the referrers tag schema's of the distribution spec (`sha256-<hex>`).
 */
export function isSignatureTag(reference: string): boolean {
  // No other tag is as long, hardly ever: the pattern takes as long as the rest of a decision.
  return (
    reference.length >= 71 && /^sha(?:256|512)-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/.test(reference)
  )
}

/**
 * Reads a request line. `target` is the raw path and query, as in `/v2/app/blobs/sha256:…?x=y`.
 * Never throws: what is not a pull request of the distribution spec comes back as a refusal with
 * the spec's code.
 */
export type ParseRequest = (method: string, target: string) => RegistryRequest

/** Makes a reader of request lines for a platform that has a faster way to put text into bytes. */
export function createRequestParser(put: PutText): ParseRequest {
  const readUsual = createUsualReader(put)
  return (method, target) => {
    if (method !== 'GET' && method !== 'HEAD') {
      return refuse(
        'UNSUPPORTED',
        `this registry is for pulling: GET and HEAD, not ${quote(method)}`,
      )
    }
    return readUsual(method, target, '', undefined) ?? parseTarget(method, target, readUsual)
  }
}

/** Reads request lines anywhere. */
export const parseRequest: ParseRequest = createRequestParser(putTextAnywhere)

function parseTarget(
  method: 'GET' | 'HEAD',
  target: string,
  readUsual: ReadUsual,
): RegistryRequest {
  const mark = target.indexOf('?')
  const path = decodePath(mark === -1 ? target : target.slice(0, mark))
  if (path === undefined && target.includes('/manifests/')) {
    return refuse('MANIFEST_UNKNOWN', `no manifest has the name ${quote(target)}`)
  }
  if (path === undefined) {
    return refuse('NAME_INVALID', `the path is not one of a registry: ${quote(target)}`)
  }
  if (path === '/v2/' || path === '/v2') return { kind: 'version' }
  const { query, ns } = parseQuery(mark === -1 ? '' : target.slice(mark))
  // With its query or its encoding off it may well be a usual one.
  const usual = path === target ? undefined : readUsual(method, path, query, ns)
  if (usual !== undefined) return usual
  if (path === '/token') return { kind: 'token', method, query, ns }
  if (!path.startsWith('/v2/')) return unknownPath(path)
  // The catalog is not of the OCI spec, and listing a whole registry is not for everyone who pulls.
  if (path === '/v2/_catalog') return refuse('UNSUPPORTED', 'there is no catalog here', 404)

  // A name may itself hold the words blobs, manifests, tags and referrers: only the last two
  // segments decide.
  const last = path.lastIndexOf('/')
  const beforeLast = path.lastIndexOf('/', last - 1)
  if (beforeLast <= '/v2'.length) return unknownPath(path)
  const repository = path.slice('/v2/'.length, beforeLast)
  const verb = path.slice(beforeLast + 1, last)
  const asked = { method, repository, query, ns }
  return parseTail(verb, path.slice(last + 1), asked) ?? unknownPath(path)
}

function parseTail(verb: string, tail: string, asked: Asked): RegistryRequest | undefined {
  if (verb === 'tags' ? tail !== 'list' : !verbs.has(verb)) return undefined
  if (asked.repository.length > 255 || !repositoryGrammar.test(asked.repository)) {
    return refuse('NAME_INVALID', `${quote(asked.repository)} is not a repository name`)
  }
  switch (verb) {
    case 'blobs':
      if (!isWellFormedDigest(tail)) return invalidDigest(tail)
      // Of the kind that is mirrored all are usual ones.
      return { kind: 'blob', ...asked, digest: tail, mirrorable: undefined }
    case 'manifests':
      // 404 even for what could never be a tag: the conformance suite wants no 400 here.
      if (!isWellFormedDigest(tail)) {
        return refuse('MANIFEST_UNKNOWN', `${quote(tail)} is neither a tag nor a digest`)
      }
      return { kind: 'manifest', ...asked, reference: tail }
    case 'referrers':
      if (!isWellFormedDigest(tail)) return invalidDigest(tail)
      return { kind: 'referrers', ...asked, digest: tail }
    default:
      return { kind: 'tags', ...asked }
  }
}

const verbs: ReadonlySet<string> = new Set(['blobs', 'manifests', 'referrers'])

/**
 * Registries written in Go decode a path before they route it, so clients may send `sha256%3A…`.
 */
function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path
  // A decoded slash, backslash, percent sign or control character would mean another path to
  // whoever reads it next.
  if (/%(?:2f|5c|25|[01][0-9a-f]|7f)/i.test(path)) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** A query as it may stand in a header, whatever bytes the client put on the wire. */
function printable(query: string): string {
  return query.replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/g, (each) =>
    each.charCodeAt(0) < 256 ? `%${each.charCodeAt(0).toString(16).padStart(2, '0')}` : '',
  )
}

/**
 * containerd adds `ns=<original registry>` when a hosts.toml points here; upstreams do not know it.
 */
function parseQuery(query: string): Pick<Asked, 'query' | 'ns'> {
  if (query.length < 2) return noQuery
  if (!query.includes('ns=')) return { query: printable(query), ns: undefined }
  const pairs = query.slice(1).split('&')
  const kept = pairs.filter((pair) => !pair.startsWith('ns='))
  const ns = pairs.find((pair) => pair.startsWith('ns='))?.slice('ns='.length)
  return {
    query: kept.length === 0 ? '' : printable(`?${kept.join('&')}`),
    // Nothing of it is ever part of an address: it only chooses one.
    ns: ns && ns.replaceAll(/%3a/gi, ':').toLowerCase(),
  }
}

const noQuery = { query: '', ns: undefined }

function invalidDigest(text: string): Refusal {
  return refuse('DIGEST_INVALID', `${quote(text)} is not a digest: wanted algorithm:hex`)
}

function unknownPath(path: string): Refusal {
  return refuse('NAME_UNKNOWN', `nothing is served at ${quote(path)}`)
}
