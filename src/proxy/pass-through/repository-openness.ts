import type { LRUCache } from 'lru-cache'
import type { Openness, Policy } from '../../core/policy.ts'
import type { BlobRequest } from '../../core/request.ts'
import type { Upstream } from '../../core/upstream.ts'
import { upstreamRepository } from '../../core/upstream.ts'
import type { RelayDeps, UpstreamAnswer } from '../relay/context.ts'
import { askAddress } from '../relay/context.ts'
import { createRoom } from '../relay/room.ts'
import { discard } from '../upstream/fetch.ts'

/** Whether anyone may read: `closed` also where no answer came. */
export type LearntOpenness = Exclude<Openness, 'unknown'>

/** Which repositories anyone may read, where upstreams know their clients. */
export type RepositoryOpenness = {
  /** What is known now. */
  readonly openness: NonNullable<Policy['openness']>
  /** Asks the upstream, as anyone. Never fails. */
  readonly askOpenness: (request: BlobRequest, upstream: Upstream) => Promise<LearntOpenness>
}

export type OpennessDeps = {
  readonly relay: RelayDeps
  /** Answers, never promises: on Workers a promise may outlive the request that would settle it. */
  readonly remembered: LRUCache<string, LearntOpenness>
  /** Runs one question for all who ask the same at once. On Workers each runs its own. */
  readonly coalesce: (key: string, ask: () => Promise<Heard>) => Promise<Heard>
}

/** `absent`: anyone may ask, or nobody may know; it tells nothing of the repository's other blobs. */
type Heard = 'open' | 'closed' | 'absent' | 'failed' | 'too many'

/** How long what was heard counts, in milliseconds. */
export const opennessKeptMs = { open: 600_000, closed: 60_000, absent: 60_000, failed: 10_000 }

/**
 * Learns which repositories anyone may read by reading a byte of the very blob that is asked for, with
 * no credentials, where it really is. What was heard is remembered of its repository.
 */
export function createOpenness({ relay, remembered, coalesce }: OpennessDeps): RepositoryOpenness {
  const room = createRoom(relay.atOnce)

  return {
    openness: (upstream, request) =>
      remembered.get(keyOf(upstream, request)) ??
      remembered.get(blobKeyOf(upstream, request)) ??
      'unknown',

    async askOpenness(request, upstream) {
      const key = keyOf(upstream, request)
      const heard = await coalesce(key, async () => {
        const leave = room.enter()
        if (leave === undefined) return 'too many'
        const said = await readByte(request, upstream, relay).catch(() => 'failed' as const)
        leave()
        return said
      })
      const openness = heard === 'open' ? 'open' : 'closed'
      if (heard === 'too many') return openness
      // Whoever asks for what is not there must not close the repository to its mirrors.
      const of = heard === 'absent' ? blobKeyOf(upstream, request) : key
      remembered.set(of, openness, { ttl: opennessKeptMs[heard] })
      return openness
    },
  }
}

function keyOf(upstream: Upstream, { repository }: BlobRequest): string {
  return `${upstream.registry} ${upstreamRepository(upstream, repository)}`
}

function blobKeyOf(upstream: Upstream, request: BlobRequest): string {
  return `${keyOf(upstream, request)} ${request.digest}`
}

async function readByte(request: BlobRequest, upstream: Upstream, deps: RelayDeps): Promise<Heard> {
  const asked = {
    method: 'GET',
    rest: `blobs/${request.digest}`,
    headers: { range: 'bytes=0-0' },
    follows: () => true,
  } as const
  // With a token for anyone where one is wanted, and neither the client's nor one of ours.
  const asAnyone = { ...upstream, clientCredentials: undefined, credentials: undefined }
  const signal = AbortSignal.timeout(deps.timeoutMs)
  const context = { request, deps, headers: new Headers() }
  const answer = await askAddress(asked, asAnyone, signal, context)
  if (answer.kind === 'answered') discard(answer.response)
  return hear(answer)
}

function hear(answer: UpstreamAnswer): Heard {
  const status = answer.kind === 'refused' ? answer.status : answer.response.status
  // 416: the blob has no first byte, and anyone may know.
  if (status === 206 || status === 416) return 'open'
  if (status === 401 || status === 403) return 'closed'
  if (status === 404) return 'absent'
  if (status !== 200 || answer.kind === 'refused') return 'failed'
  // What leads whoever is not known to a page to log in at gives a page, and no blob.
  const type = answer.response.headers.get('content-type') ?? ''
  return /^text\/html\b/i.test(type) ? 'closed' : 'open'
}
