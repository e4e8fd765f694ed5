import { parseChallenges } from '../../core/challenge.ts'
import { refuse } from '../../core/error.ts'
import { pullScope } from '../../core/token-scope.ts'
import { respondRefusal } from '../answer.ts'
import { challengeClient } from './client-challenge.ts'
import { findOurAddress } from './our-address.ts'
import type { Relayed, RelayContext, UpstreamAnswer } from '../relay/context.ts'
import { discard, messageOf } from '../upstream/fetch.ts'

/**
 * An upstream's 401 as one of ours, where its clients' own credentials count: containerd and oras
 * learn from it what is wanted. Undefined for any other answer.
 */
export function challengeAgain(answer: UpstreamAnswer, context: RelayContext): Relayed | undefined {
  const { request, upstream, reason, headers, url, deps } = context
  const { challenges } = deps
  if (upstream.clientCredentials !== true || challenges === undefined) return undefined
  if (answer.kind === 'refused' || answer.response.status !== 401) return undefined
  // What another host wants, to which the upstream sent us, is not the client's to give.
  if (answer.url.origin !== new URL(upstream.registry).origin) return undefined

  const { method, repository, ns } = request
  const challenge = answer.response.headers.get('www-authenticate')
  discard(answer.response)
  const ours = findOurAddress({ url, headers }, challenges.publicUrl, upstream.hosts ?? [])
  if (ours === undefined) return { response: respondRefusal(noHost, method, reason) }
  try {
    const way = challenges.ways.learn(upstream, challenge)
    if (way.kind === 'open') return undefined
    const bearer = parseChallenges(challenge ?? '').find((each) => each.kind === 'bearer')
    const scope = pullScope(repository)
    const challenged = { method, reason, ns, scope, error: bearer?.error }
    return { response: challengeClient(way, ours, challenged) }
  } catch (cause) {
    const refusal = refuse('UNAVAILABLE', 'the upstream registry does not say how to ask it')
    const error = `${upstream.registry} cannot be asked: ${messageOf(cause)}`
    return { response: respondRefusal(refusal, method, reason), error }
  }
}

/** What a client is told whose Host could not stand in a challenge. */
export const noHost = refuse('NAME_INVALID', 'the Host of the request is not the name of a host')
