import type { BlobRequest } from '../../core/request.ts'
import { redirect, responseOf } from '../answer.ts'
import type { Relayed, RelayContext } from './context.ts'
import { discard } from '../upstream/fetch.ts'

/**
 * Whether a redirect is inside an upstream's own API, and so wants the token that only we have. Any
 * other is the client's to follow.
 */
export function staysInApi(target: URL, from: URL): boolean {
  return target.origin === from.origin && target.pathname.startsWith('/v2/')
}

/** The client's one hop to where an upstream redirects. What that says of caching does not count. */
export function sendOn(
  target: URL,
  answer: Response,
  { request, reason }: RelayContext<BlobRequest>,
): Relayed {
  discard(answer)
  const said = answer.headers.get('location') ?? ''
  // A signed address that is whole is passed on letter by letter.
  const location = /^https?:\/\/[\x21-\x7e]+$/.test(said) ? said : target.href
  return { response: responseOf(redirect(location, reason, request.digest)) }
}
