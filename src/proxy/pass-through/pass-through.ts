import { refuse } from '../../core/error.ts'
import type { RegistryRequest, TokenRequest } from '../../core/request.ts'
import type { Upstream } from '../../core/upstream.ts'
import { respondRefusal } from '../answer.ts'
import { noHost } from './challenge-again.ts'
import type { ClientAsked } from './client-asked.ts'
import type { ClientChallenges } from './client-challenge.ts'
import { answerClientVersion } from './client-version.ts'
import { findOurAddress } from './our-address.ts'
import type { Relayed, RelayDeps } from '../relay/context.ts'
import type { OpennessDeps, RepositoryOpenness } from './repository-openness.ts'
import { createOpenness } from './repository-openness.ts'
import { createRoom } from '../relay/room.ts'
import { answerTokenRequest } from './token-request.ts'
import { messageOf } from '../upstream/fetch.ts'

export type VersionRequest = Extract<RegistryRequest, { kind: 'version' }>

/** What takes an upstream that knows its clients to answer. */
export type PassThrough = RepositoryOpenness & {
  /** Answers `/v2/` and `/token`. Never fails: what goes wrong is an answer too. */
  readonly answer: (
    request: VersionRequest | TokenRequest,
    upstreams: readonly Upstream[],
    client: Request,
  ) => Promise<Relayed>
}

export type PassThroughDeps = Omit<OpennessDeps, 'relay'> & {
  readonly relay: RelayDeps
  readonly challenges: ClientChallenges
}

/** Makes what stands between clients and the upstreams that know them. */
export function createPassThrough(deps: PassThroughDeps): PassThrough {
  const { relay, challenges } = deps
  const room = createRoom(relay.atOnce)

  return {
    ...createOpenness(deps),
    async answer(request, upstreams, client) {
      const { method, headers, url } = client
      const reason = request.kind === 'version' ? 'version' : 'credentials'
      const refused = (refusal: ReturnType<typeof refuse>, error?: string): Relayed => {
        const response = respondRefusal(refusal, method, reason)
        return error === undefined ? { response } : { response, error }
      }
      if (headers.get('via')?.includes(relay.name) === true) {
        const error = 'the upstream leads back here: see its registry in the configuration'
        return refused(refuse('NAME_UNKNOWN', 'this registry is its own upstream'), error)
      }
      const names = upstreams.flatMap(({ hosts = [] }) => hosts)
      const ours = findOurAddress(client, challenges.publicUrl, names)
      if (ours === undefined) return refused(noHost)
      const leave = room.enter()
      if (leave === undefined) {
        const error = `${relay.atOnce} tokens are under way`
        return refused(refuse('UNAVAILABLE', 'too much is asked for at once'), error)
      }
      const signal = AbortSignal.any([client.signal, AbortSignal.timeout(relay.timeoutMs)])
      const asked = { method, headers, upstreams, ours, signal, challenges, deps: relay }
      try {
        return await ask(request, asked)
      } catch (cause) {
        const error = `${new URL(url).pathname} got no answer upstream: ${messageOf(cause)}`
        const refusal = refuse('UNAVAILABLE', 'the upstream registry did not answer')
        return client.signal.aborted ? refused(refusal) : refused(refusal, error)
      } finally {
        leave()
      }
    },
  }
}

async function ask(request: VersionRequest | TokenRequest, asked: ClientAsked): Promise<Relayed> {
  return request.kind === 'version'
    ? answerClientVersion(asked)
    : answerTokenRequest(request, asked)
}
