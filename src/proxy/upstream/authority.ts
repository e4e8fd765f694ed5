import type { LRUCache } from 'lru-cache'
import { parseChallenges } from '../../core/challenge.ts'
import type { Upstream } from '../../core/upstream.ts'
import { addressProblem } from './address.ts'
import type { Send, SendFor } from './fetch.ts'
import { discard, sendTwice } from './fetch.ts'
import type { BearerChallenge, Credentials, TokenAnswer, TokenDeps } from './token.ts'
import { basicHeader, fetchToken } from './token.ts'

/** What upstreams want with requests, as far as they said, and the tokens that they gave. */
export type Authority = {
  /** What to ask with for a scope, as in `repository:team/app:pull`. Throws where nobody says. */
  readonly authorize: (upstream: Upstream, scope: string) => Promise<Authorization>
  /**
   * Learns from a 401 that came for what `authorize` gave (`used`). `refused`: asking again would
   * be of no use.
   */
  readonly meet: (
    upstream: Upstream,
    scope: string,
    used: string | undefined,
    challenge: string | null,
  ) => Promise<Authorization>
}

export type Authorization =
  | {
      readonly kind: 'authorized'
      /** Undefined: the upstream wanted none so far. */
      readonly header: string | undefined
    }
  | AuthorizationRefused

/** Why nothing can be asked: `status` is the upstream's, or its token server's. */
export type AuthorizationRefused = {
  readonly kind: 'refused'
  readonly status: number
  readonly retryAfter: string | undefined
  readonly why: string
}

/** What a token server said, as long as it counts: all in milliseconds since 1970. */
export type HeldToken = {
  readonly answer: TokenAnswer
  /** The scope that was asked for: an upstream may know another than ours. */
  readonly scope: string
  readonly fetchedMs: number
  readonly renewMs: number
  readonly endMs: number
}

export type AuthorityDeps = Pick<TokenDeps, 'timeoutMs'> & {
  readonly fetch: SendFor
  /** Answers, never promises: on Workers a promise may outlive the request that would settle it. */
  readonly tokens: LRUCache<string, HeldToken>
  /** Runs one call for all who ask for the same token at once. On Workers each runs its own. */
  readonly coalesce: (key: string, run: () => Promise<HeldToken>) => Promise<HeldToken>
  readonly credentialsOf: (upstream: Upstream) => Credentials | undefined
  /** Hosts that may be asked for tokens although they are private. */
  readonly realms: ReadonlySet<string>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How one upstream is asked: `onlyScope` is the one scope it knows, where it has no other. */
type Way =
  | { readonly kind: 'open' }
  | { readonly kind: 'basic'; readonly header: string }
  | {
      readonly kind: 'bearer'
      readonly realm: BearerChallenge['realm']
      readonly service: BearerChallenge['service']
      readonly onlyScope: string | undefined
    }

/** A token must last until the request has arrived. */
const renewAt = 0.8
/** A token as young as this is as good as a new one, and a refusal as young as this still holds. */
const freshMs = 10_000

/** Creates the authority for all upstreams. What it holds grows with upstreams, and up to `tokens`. */
export function createAuthority(deps: AuthorityDeps): Authority {
  const { tokens, now } = deps
  const ways = new Map<string, Way>()

  return {
    async authorize(upstream, scope) {
      const way = ways.get(nameOf(upstream)) ?? (await findWay(upstream))
      if (way.kind === 'open') return { kind: 'authorized', header: undefined }
      if (way.kind === 'basic') return { kind: 'authorized', header: way.header }

      const key = keyOf(upstream, way.onlyScope ?? scope)
      const held = tokens.get(key)
      if (held !== undefined && now() < held.renewMs) return spoken(held)
      const renewing = renew(upstream, key, held?.scope ?? way.onlyScope ?? scope, way)
      const isAlive = held?.answer.kind === 'token' && now() < held.endMs
      return spoken(await (isAlive ? renewOrKeep(key, held, renewing) : renewing))
    },

    async meet(upstream, scope, used, challenge) {
      const learnt = learn(upstream, challenge)
      if (typeof learnt === 'string') return refused(learnt)
      const { way, wanted = scope } = learnt
      if (way.kind === 'basic') {
        return used === way.header
          ? refused('it does not take the credentials there are')
          : { kind: 'authorized', header: way.header }
      }
      const key = keyOf(upstream, way.onlyScope ?? scope)
      const held = tokens.get(key)
      if (held === undefined || held.scope !== wanted || now() - held.fetchedMs >= freshMs) {
        return spoken(await renew(upstream, key, wanted, way))
      }
      // Another request may have renewed it meanwhile.
      const answer = spoken(held)
      const isSame = answer.kind === 'authorized' && answer.header === used
      return isSame ? refused('it does not take a token made for it') : answer
    },
  }

  /**
   * With credentials it is asked how they are wanted: a registry may say 403 or 404, and not 401,
   * to whoever sends none.
   */
  async function findWay(upstream: Upstream): Promise<Way> {
    if (deps.credentialsOf(upstream) === undefined) return open
    const answer = await sendTwice(sendFor(upstream), `${upstream.registry}/v2/`, {
      redirect: 'manual',
      headers: { 'user-agent': 'nearport' },
      signal: AbortSignal.timeout(deps.timeoutMs),
    })
    discard(answer)
    if (answer.status === 401) {
      const learnt = learn(upstream, answer.headers.get('www-authenticate'))
      return typeof learnt === 'string' ? open : learnt.way
    }
    if (answer.status < 500) ways.set(nameOf(upstream), open)
    return open
  }

  /** What a challenge wants, for this request and those to come; or why it cannot be had. */
  function learn(
    upstream: Upstream,
    header: string | null,
  ): { readonly way: Exclude<Way, typeof open>; readonly wanted?: string | undefined } | string {
    const challenges = parseChallenges(header ?? '')
    const bearer = challenges.find((each) => each.kind === 'bearer')
    if (bearer !== undefined) {
      const { realm, service, scope } = bearer
      const rules = { registry: upstream.registry, realms: deps.realms }
      const problem = addressProblem(URL.parse(realm), rules)
      if (problem !== undefined) return `for its tokens ${problem}`
      const isOnlyOne = scope !== undefined && !/^(?:repository|registry):/.test(scope)
      const onlyScope = isOnlyOne ? scope : undefined
      const way = { kind: 'bearer', realm, service, onlyScope } as const
      ways.set(nameOf(upstream), way)
      return { way, wanted: scope }
    }
    const credentials = deps.credentialsOf(upstream)
    if (credentials === undefined) return 'it wants credentials, and there are none'
    if (challenges.length === 0) return 'it does not say how it wants the credentials there are'
    const way = { kind: 'basic', header: basicHeader(credentials) } as const
    ways.set(nameOf(upstream), way)
    return { way }
  }

  async function renew(
    upstream: Upstream,
    key: string,
    wanted: string,
    way: Extract<Way, { kind: 'bearer' }>,
  ): Promise<HeldToken> {
    const held = await deps.coalesce(`${key} ${wanted}`, async () => {
      const fetchedMs = now()
      const { timeoutMs } = deps
      const credentials = deps.credentialsOf(upstream)
      const answer = await fetchToken(way, [wanted], credentials && basicHeader(credentials), {
        send: sendFor(upstream),
        timeoutMs,
      })
      const livesMs = answer.kind === 'token' ? answer.livesMs : freshMs
      const endMs = fetchedMs + livesMs
      return { answer, scope: wanted, fetchedMs, renewMs: fetchedMs + livesMs * renewAt, endMs }
    })
    tokens.set(key, held)
    return held
  }

  /** What cannot be renewed yet serves to its end, and nobody waits for another try at once. */
  async function renewOrKeep(
    key: string,
    held: HeldToken,
    renewing: Promise<HeldToken>,
  ): Promise<HeldToken> {
    const renewed = await renewing.catch(() => undefined)
    if (renewed?.answer.kind === 'token') return renewed
    const kept = { ...held, renewMs: Math.min(now() + freshMs, held.endMs) }
    tokens.set(key, kept)
    return kept
  }

  function sendFor({ registry }: Upstream): Send {
    return (url, init) => deps.fetch(url, init, registry)
  }

  /** Two upstreams may be one registry for two users. */
  function nameOf(upstream: Upstream): string {
    return `${upstream.registry} ${deps.credentialsOf(upstream)?.user ?? ''}`
  }

  function keyOf(upstream: Upstream, scope: string): string {
    return `${nameOf(upstream)} ${scope}`
  }
}

const open = { kind: 'open' } as const

function spoken({ answer }: HeldToken): Authorization {
  if (answer.kind === 'token') return { kind: 'authorized', header: answer.header }
  const { status, retryAfter } = answer
  return { kind: 'refused', status, retryAfter, why: `its token server answered ${status}` }
}

function refused(why: string): AuthorizationRefused {
  return { kind: 'refused', status: 401, retryAfter: undefined, why }
}
