import type { Upstream } from '../../core/upstream.ts'
import { answerVersion, responseOf } from '../answer.ts'
import type { ClientAsked } from './client-asked.ts'
import { knowingUpstreams, refuseClient } from './client-asked.ts'
import { clientAuthorization } from './client-authorization.ts'
import { challengeClient } from './client-challenge.ts'
import type { ClientWay } from './client-ways.ts'
import type { Relayed } from '../relay/context.ts'
import { discard, sendTwice } from '../upstream/fetch.ts'

/**
 * `GET /v2/` where upstreams know their clients: docker, podman and crane learn from it how they are
 * to say who they are, and see whether they said it well.
 */
export async function answerClientVersion(asked: ClientAsked): Promise<Relayed> {
  const { method, headers, upstreams } = asked
  const knowing = knowingUpstreams(upstreams)
  const authorization = clientAuthorization(headers)
  if (authorization === undefined) return challenge(await findWay(knowing, asked), asked)
  const [upstream, ...others] = knowing
  // To ask them all would be to tell each the password of another.
  if (upstream === undefined || others.length > 0)
    return { response: responseOf(answerVersion(method)) }
  return askWith(authorization, upstream, asked)
}

/** A token where any of them wants one: what anyone may have needs one of no worth, and no password. */
async function findWay(
  upstreams: readonly Upstream[],
  { signal, challenges }: ClientAsked,
): Promise<ClientWay> {
  const found = await Promise.allSettled(
    upstreams.map((upstream) => challenges.ways.find(upstream, signal)),
  )
  const ways = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const way =
    ways.find(({ kind }) => kind === 'bearer') ?? ways.find(({ kind }) => kind === 'basic')
  if (way !== undefined) return way
  const failed = found.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return { kind: 'open' }
}

async function askWith(
  authorization: string,
  upstream: Upstream,
  asked: ClientAsked,
): Promise<Relayed> {
  const { method, signal, challenges, deps } = asked
  const send = (url: string, init: RequestInit) => deps.fetch(url, init, upstream.registry)
  const answer = await sendTwice(send, `${upstream.registry}/v2/`, {
    // Who stands behind a redirect was not checked, and would get the password.
    redirect: 'manual',
    headers: { 'user-agent': 'nearport', via: `1.1 ${deps.name}`, authorization },
    signal,
  })
  discard(answer)
  if (answer.status === 200) return { response: responseOf(answerVersion(method)) }
  if (answer.status === 401) {
    return challenge(challenges.ways.learn(upstream, answer.headers.get('www-authenticate')), asked)
  }
  const retryAfter = answer.headers.get('retry-after') ?? undefined
  return refuseClient(asked, answer.status, retryAfter, 'the upstream registry')
}

function challenge(way: ClientWay, { method, ours }: ClientAsked): Relayed {
  if (way.kind === 'open') return { response: responseOf(answerVersion(method)) }
  return { response: challengeClient(way, ours, { method, reason: 'version' }) }
}
