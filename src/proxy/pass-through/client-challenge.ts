import type { Refusal } from '../../core/error.ts'
import { refuse } from '../../core/error.ts'
import type { Reason } from '../../core/reason.ts'
import { respondRefusal } from '../answer.ts'
import type { ClientWay, ClientWays } from './client-ways.ts'
import type { OurAddress } from './our-address.ts'

/** How clients are asked who they are. */
export type ClientChallenges = {
  readonly ways: ClientWays
  /** Scheme and host that clients find us by; undefined: those that they asked by. */
  readonly publicUrl: string | undefined
}

/** What a challenge is for. */
export type ChallengedFor = {
  readonly method: string
  readonly reason: Reason
  /** containerd's name of the registry: the request for a token has to say it too. */
  readonly ns?: string | undefined
  readonly scope?: string | undefined
  /** What the upstream said was wrong with the token that came. */
  readonly error?: string | undefined
}

/**
 * Asks a client who it is, in the upstream's way, and in our name: by a token from our `/token`, or by
 * a password, and for that over HTTPS alone.
 */
export function challengeClient(
  { kind }: Exclude<ClientWay, { kind: 'open' }>,
  ours: OurAddress,
  { method, reason, ns, scope, error }: ChallengedFor,
): Response {
  if (kind === 'basic' && !ours.isSafe) return respondRefusal(unsafe, method, reason)
  const query = ns === undefined ? '' : `?ns=${encodeURIComponent(ns)}`
  const parts = [
    `Bearer realm="${ours.url}/token${query}"`,
    `service="${ours.host}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(error !== undefined && errors.has(error) ? [`error="${error}"`] : []),
  ]
  const challenge = kind === 'basic' ? basicChallenge : parts.join(',')
  return respondRefusal(wanted, method, reason, {
    'WWW-Authenticate': challenge,
    'Docker-Distribution-Api-Version': 'registry/2.0',
  })
}

/** What asks for a user and a password. */
export const basicChallenge = 'Basic realm="nearport"'

const wanted: Refusal = refuse('UNAUTHORIZED', 'the upstream registry wants to know who asks')

/** Whoever is asked for a password in plain text has told it to everyone on the way. */
const unsafe: Refusal = refuse(
  'DENIED',
  'the upstream registry wants a password, which is asked for over https alone ' +
    '(where TLS ends before nearport: X-Forwarded-Proto, or publicUrl)',
)

/** RFC 6750 §3.1: nothing else of an upstream's gets into a header of ours. */
const errors: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_token',
  'insufficient_scope',
])
