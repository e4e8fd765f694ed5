import type { Digest } from '../../../src/core/digest.ts'
import type { Refusal } from '../../../src/core/error.ts'
import { quote, refuse } from '../../../src/core/error.ts'
import type { BlobRequest, RegistryRequest } from '../../../src/core/request.ts'
import { repositoryGrammar, tagGrammar } from '../../../src/core/request.ts'

// How requests and digests were read before they were read by character: the oracle of what reads them now.

type Asked = Pick<BlobRequest, 'method' | 'repository' | 'query' | 'ns'>

/** Reads a request line with the specs' grammars alone, as slowly as that is. */
export function parseByGrammar(method: string, target: string): RegistryRequest {
  if (method !== 'GET' && method !== 'HEAD') {
    return refuse('UNSUPPORTED', `this registry is for pulling: GET and HEAD, not ${quote(method)}`)
  }

  const mark = target.indexOf('?')
  const path = decodePath(mark === -1 ? target : target.slice(0, mark))
  if (path === undefined && target.includes('/manifests/')) {
    return refuse('MANIFEST_UNKNOWN', `no manifest has the name ${quote(target)}`)
  }
  if (path === undefined) {
    return refuse('NAME_INVALID', `the path is not one of a registry: ${quote(target)}`)
  }
  if (path === '/v2/' || path === '/v2') return { kind: 'version' }
  const query = mark === -1 ? '' : target.slice(mark)
  if (path === '/token') return { kind: 'token', method, ...parseQuery(query) }
  if (!path.startsWith('/v2/')) return unknownPath(path)
  if (path === '/v2/_catalog') return refuse('UNSUPPORTED', 'there is no catalog here', 404)

  const last = path.lastIndexOf('/')
  const beforeLast = path.lastIndexOf('/', last - 1)
  if (beforeLast <= '/v2'.length) return unknownPath(path)
  const repository = path.slice('/v2/'.length, beforeLast)
  const verb = path.slice(beforeLast + 1, last)
  const asked = {
    method,
    repository,
    ...parseQuery(query),
  } as const

  return parseTail(verb, path.slice(last + 1), asked) ?? unknownPath(path)
}

function parseTail(verb: string, tail: string, asked: Asked): RegistryRequest | undefined {
  if (verb === 'tags' ? tail !== 'list' : !verbs.has(verb)) return undefined
  if (asked.repository.length > 255 || !repositoryGrammar.test(asked.repository)) {
    return refuse('NAME_INVALID', `${quote(asked.repository)} is not a repository name`)
  }
  switch (verb) {
    case 'blobs':
      if (!isWellFormedByGrammar(tail)) return invalidDigest(tail)
      return { kind: 'blob', ...asked, digest: tail, mirrorable: parseDigestByGrammar(tail) }
    case 'manifests':
      if (!tagGrammar.test(tail) && !isWellFormedByGrammar(tail)) {
        return refuse('MANIFEST_UNKNOWN', `${quote(tail)} is neither a tag nor a digest`)
      }
      return { kind: 'manifest', ...asked, reference: tail }
    case 'referrers':
      if (!isWellFormedByGrammar(tail)) return invalidDigest(tail)
      return { kind: 'referrers', ...asked, digest: tail }
    default:
      return { kind: 'tags', ...asked }
  }
}

const verbs: ReadonlySet<string> = new Set(['blobs', 'manifests', 'referrers'])

function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path
  if (/%(?:2f|5c|25|[01][0-9a-f]|7f)/i.test(path)) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function printable(query: string): string {
  return query.replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/g, (each) =>
    each.charCodeAt(0) < 256 ? `%${each.charCodeAt(0).toString(16).padStart(2, '0')}` : '',
  )
}

function parseQuery(query: string): Pick<Asked, 'query' | 'ns'> {
  if (!query.includes('ns=')) return { query: query === '?' ? '' : printable(query), ns: undefined }
  const pairs = query.slice(1).split('&')
  const kept = pairs.filter((pair) => !pair.startsWith('ns='))
  const ns = pairs.find((pair) => pair.startsWith('ns='))?.slice('ns='.length)
  return {
    query: kept.length === 0 ? '' : printable(`?${kept.join('&')}`),
    ns: ns && ns.replaceAll(/%3a/gi, ':').toLowerCase(),
  }
}

function invalidDigest(text: string): Refusal {
  return refuse('DIGEST_INVALID', `${quote(text)} is not a digest: wanted algorithm:hex`)
}

function unknownPath(path: string): Refusal {
  return refuse('NAME_UNKNOWN', `nothing is served at ${quote(path)}`)
}

/** The digest in a text if it is of the kind that is mirrored. */
export function parseDigestByGrammar(text: string): Digest | undefined {
  return /^sha256:[a-f0-9]{64}$/.test(text) ? (text as Digest) : undefined
}

// image-spec, descriptor.md §digests. The lengths of the registered algorithms are part of their
// form.
const wellFormed = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/
const registered: Readonly<Record<string, RegExp>> = {
  sha256: /^[a-f0-9]{64}$/,
  sha384: /^[a-f0-9]{96}$/,
  sha512: /^[a-f0-9]{128}$/,
}

/** Whether a text is a digest at all. */
export function isWellFormedByGrammar(text: string): boolean {
  if (text.length > 512 || !wellFormed.test(text)) return false
  const colon = text.indexOf(':')
  const form = registered[text.slice(0, colon)]
  return form === undefined || form.test(text.slice(colon + 1))
}
