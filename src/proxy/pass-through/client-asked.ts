import type { Refusal } from '../../core/error.ts'
import { refuse } from '../../core/error.ts'
import type { Upstream } from '../../core/upstream.ts'
import { respondRefusal } from '../answer.ts'
import type { ClientChallenges } from './client-challenge.ts'
import type { OurAddress } from './our-address.ts'
import type { Relayed, RelayDeps } from '../relay/context.ts'
import { pauseFor } from '../relay/failure.ts'

/** A question of a client's that only an upstream can answer, as it knows its clients. */
export type ClientAsked = {
  readonly method: string
  readonly headers: Headers
  /** Every upstream of the name that was asked by. */
  readonly upstreams: readonly Upstream[]
  readonly ours: OurAddress
  /** Aborts when the client has left, and when there is no answer in time. */
  readonly signal: AbortSignal
  readonly challenges: ClientChallenges
  readonly deps: Pick<RelayDeps, 'fetch' | 'timeoutMs' | 'name'>
}

/**
 * Upstreams that know their clients, one for each registry: where there are several, a password is of
 * one of them, and nobody knows of which.
 */
export function knowingUpstreams(upstreams: readonly Upstream[]): readonly Upstream[] {
  const knowing = upstreams.filter(({ clientCredentials }) => clientCredentials === true)
  return knowing.filter(
    ({ registry }, at) => knowing.findIndex((each) => each.registry === registry) === at,
  )
}

/** What a client is told where an upstream, or its token server, says neither yes nor who are you. */
export function refuseClient(
  { method }: ClientAsked,
  status: number,
  retryAfter: string | undefined,
  whose: string,
): Relayed {
  const refusal = refusalFor(status, whose)
  const more = pauseFor(refusal, retryAfter)
  const response = respondRefusal(refusal, method, 'credentials', more)
  return status === 403 ? { response } : { response, error: `${whose} answered ${status}` }
}

function refusalFor(status: number, whose: string): Refusal {
  const message = `${whose} answered ${status}`
  if (status === 429) return refuse('TOOMANYREQUESTS', message)
  if (status === 408 || status < 400 || status >= 500) return refuse('UNAVAILABLE', message)
  return refuse('DENIED', message)
}
