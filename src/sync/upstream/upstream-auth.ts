import { LRUCache } from 'lru-cache'
import { parseChallenges } from '../../core/challenge.ts'
import type { Credentials } from './upstream-credentials.ts'
import { basicHeader } from './upstream-credentials.ts'
import type { RequestSettings } from './upstream-request.ts'
import { discard, sendRequest } from './upstream-request.ts'
import type { BearerChallenge } from './upstream-token.ts'
import { checkRealm, fetchToken } from './upstream-token.ts'

/** What one upstream wants with requests, as far as it said. */
export type Authority = {
  /**
   * Finds the credentials, and with them asks how they are wanted: a registry may say 403 or 404,
   * and not 401, to whoever sends none. Throws UpstreamError.
   */
  readonly prepare: () => Promise<void> | undefined
  /** The Authorization for a scope; undefined: the upstream wanted none so far. */
  readonly header: (scope: string) => string | undefined | Promise<string>
  /**
   * Learns from a 401 that came for what `header` gave. Undefined: asking again may help, with what
   * `header` gives now. Else why not, to be put behind the message.
   */
  readonly meet: (
    scope: string,
    used: string | undefined,
    challenge: string | undefined,
  ) => Promise<string | undefined>
}

export type AuthorityDeps = {
  readonly registry: string
  readonly settings: RequestSettings
  readonly findCredentials: () => Promise<Credentials | undefined>
}

type Held = {
  readonly header: string
  readonly scope: string
  readonly fetchedMs: number
  /** It is renewed before it ends, as it must last until the request has arrived. */
  readonly renewMs: number
}

/** So many repositories' tokens are kept, of some kilobytes each. */
const heldTokens = 1000

/** A token as young as this is as good as a new one: whoever refuses it refuses us. */
const freshMs = 10_000

/** Creates the authority of one upstream, which keeps its tokens. For Node: it shares flights. */
export function createAuthority({ registry, settings, findCredentials }: AuthorityDeps): Authority {
  const { now } = settings
  // A token is asked for without one.
  const plain: RequestSettings = { ...settings, authority: undefined }
  const tokens = new LRUCache<string, Held>({ max: heldTokens })
  const flights = new Map<string, Promise<string>>()
  let credentials: Credentials | undefined
  let finding: Promise<Credentials | undefined> | undefined
  let preparing: Promise<void> | undefined
  let isPrepared = false
  let basic: string | undefined
  let bearer: BearerChallenge | undefined
  /** What to ask for in the place of a repository's own scope, where the upstream knows none. */
  let onlyScope: string | undefined

  return {
    prepare() {
      if (isPrepared) return undefined
      preparing ??= prepareOnce().finally(() => (preparing = undefined))
      return preparing
    },

    header(scope) {
      if (bearer === undefined) return basic
      const held = tokens.get(scope)
      if (held !== undefined && now() < held.renewMs) return held.header
      return renew(scope, held?.scope ?? onlyScope ?? scope)
    },

    async meet(scope, used, challenge) {
      if (!learn(challenge)) return why()
      if (bearer === undefined) return used === basic ? ' with the credentials it has' : undefined
      const wanted = bearer.scope ?? scope
      if (!/^(?:repository|registry):/.test(wanted)) onlyScope = wanted
      const held = tokens.get(scope)
      const isSame = held !== undefined && held.header === used && held.scope === wanted
      if (isSame && now() - held.fetchedMs < freshMs) return ' with a token made for it'
      // Another request may have renewed it meanwhile.
      if (held === undefined || held.header === used) await renew(scope, wanted)
      return undefined
    },
  }

  async function prepareOnce(): Promise<void> {
    // Once for the run, whatever comes of it: a helper takes its time.
    finding ??= findCredentials()
    credentials = await finding
    if (credentials !== undefined) {
      const request = { method: 'GET', url: `${registry}/v2/`, expected: [401, 403, 404] } as const
      const answer = await sendRequest(request, plain)
      discard(answer.body)
      if (answer.status === 401) learn(answer.header('www-authenticate'))
    }
    isPrepared = true
  }

  /** Whether a challenge is one that can be met. */
  function learn(challenge: string | undefined): boolean {
    const challenges = parseChallenges(challenge ?? '')
    const wanted = challenges.find((each) => each.kind === 'bearer')
    if (wanted !== undefined) {
      checkRealm(wanted.realm, registry)
      bearer = wanted
      return true
    }
    if (challenges.length === 0 || credentials?.kind !== 'password') return false
    bearer = undefined
    basic = basicHeader(credentials)
    return true
  }

  function why(): string {
    if (credentials === undefined) return ': it wants credentials, and there are none'
    return ' and does not say how it wants the credentials there are'
  }

  function renew(scope: string, asked: string): Promise<string> {
    const under = flights.get(scope)
    if (under !== undefined) return under
    const fetchedMs = now()
    const flight = fetchToken(bearer!, asked, credentials, plain)
      .then(({ header, livesMs }) => {
        const renewMs = fetchedMs + livesMs * 0.8
        tokens.set(scope, { header, scope: asked, fetchedMs, renewMs })
        return header
      })
      .finally(() => flights.delete(scope))
    flights.set(scope, flight)
    return flight
  }
}
