import type { LRUCache } from 'lru-cache'
import { parseChallenges } from '../../core/challenge.ts'
import type { Upstream } from '../../core/upstream.ts'
import { addressProblem } from '../upstream/address.ts'
import type { SendFor } from '../upstream/fetch.ts'
import { discard, sendTwice } from '../upstream/fetch.ts'

/** How an upstream wants to be told who asks. */
export type ClientWay =
  | { readonly kind: 'open' }
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer'
      readonly realm: string
      readonly service: string | undefined
      /** The one scope that it knows, where it has no other, as ECR Public has not. */
      readonly onlyScope: string | undefined
    }

/** How upstreams want to be told, as far as they said. */
export type ClientWays = {
  /** Asks the upstream where it is not known. Throws where it does not say. */
  readonly find: (upstream: Upstream, signal: AbortSignal) => Promise<ClientWay>
  /** Learns from a `WWW-Authenticate`; throws where what it wants cannot be had. */
  readonly learn: (upstream: Upstream, challenge: string | null) => ClientWay
}

export type ClientWaysDeps = {
  readonly fetch: SendFor
  /** Answers, never promises: on Workers a promise may outlive the request that would settle it. */
  readonly remembered: LRUCache<string, ClientWay>
  /** Hosts that may be asked for tokens although they are private. */
  readonly realms: ReadonlySet<string>
  /** This service's own name in `Via`. */
  readonly name: string
}

/** After so long an upstream may want something else. */
export const wayKeptMs = 600_000

const open: ClientWay = { kind: 'open' }
const basic: ClientWay = { kind: 'basic' }

/** Creates the memory of how upstreams want to be told who asks. */
export function createClientWays(deps: ClientWaysDeps): ClientWays {
  const { remembered } = deps
  const keep = ({ registry }: Upstream, way: ClientWay) => {
    remembered.set(registry, way, { ttl: wayKeptMs })
    return way
  }
  const learn: ClientWays['learn'] = (upstream, challenge) =>
    keep(upstream, readWay(upstream, challenge ?? '', deps.realms))

  return {
    learn,
    async find(upstream, signal) {
      const known = remembered.get(upstream.registry)
      if (known !== undefined) return known
      const send = (url: string, init: RequestInit) => deps.fetch(url, init, upstream.registry)
      const answer = await sendTwice(send, `${upstream.registry}/v2/`, {
        redirect: 'manual',
        headers: { 'user-agent': 'nearport', via: `1.1 ${deps.name}` },
        signal,
      })
      discard(answer)
      if (answer.status === 200) return keep(upstream, open)
      if (answer.status === 401) return learn(upstream, answer.headers.get('www-authenticate'))
      throw new Error(`wanted 200 or 401 from ${upstream.registry}/v2/, got ${answer.status}`)
    },
  }
}

function readWay({ registry }: Upstream, header: string, realms: ReadonlySet<string>): ClientWay {
  const challenges = parseChallenges(header)
  const bearer = challenges.find((each) => each.kind === 'bearer')
  if (bearer === undefined) {
    if (challenges.length > 0) return basic
    throw new Error(`wanted a Bearer or Basic challenge from ${registry}, got neither`)
  }
  const { realm, service, scope } = bearer
  const problem = addressProblem(URL.parse(realm), { registry, realms })
  if (problem !== undefined) throw new Error(`for its tokens ${problem}`)
  const isOnlyOne = scope !== undefined && !/^(?:repository|registry):/.test(scope)
  return { kind: 'bearer', realm, service, onlyScope: isOnlyOne ? scope : undefined }
}
