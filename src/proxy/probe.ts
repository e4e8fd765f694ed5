import type { LRUCache } from 'lru-cache'
import type { Presence } from '../core/decision.ts'
import { blobUrl } from '../core/mirror.ts'
import type { LearntHolding, PresenceSource } from './presence.ts'

/** What a probe brought: kept as long as its answer is good for. */
export type ProbeAnswer = { readonly holding: LearntHolding; readonly sizeBytes?: number }

export type ProbeDeps = {
  readonly fetch: typeof fetch
  /** Answers, never promises: on Workers a promise may outlive the request that would have settled it. */
  readonly remembered: LRUCache<string, ProbeAnswer>
  /** Runs one probe for all who ask at once. On Workers each runs its own. */
  readonly coalesce: (key: string, probe: () => Promise<ProbeAnswer>) => Promise<ProbeAnswer>
  readonly timeoutMs: number
  readonly presentForMs: number
  readonly absentForMs: number
  readonly failedForMs: number
}

/** Presence learnt by a HEAD at the mirror, under a deadline, and remembered. */
export function createProbe(deps: ProbeDeps): PresenceSource {
  const { remembered } = deps
  const presence: Presence = {
    holds: (mirror, digest) => remembered.get(blobUrl(mirror, digest))?.holding ?? 'unknown',
    sizeBytes: (digest) => remembered.get(digest)?.sizeBytes,
  }
  return {
    current: () => presence,
    async ask(mirror, digest) {
      const url = blobUrl(mirror, digest)
      const answer = await deps.coalesce(url, () => probe(url, deps))
      remembered.set(url, answer, { ttl: lifetimeMs(answer.holding, deps) })
      // A blob's size is the same wherever it is.
      if (answer.sizeBytes !== undefined) {
        remembered.set(digest, answer, { ttl: deps.presentForMs })
      }
      return answer.holding
    },
  }
}

async function probe(url: string, deps: ProbeDeps): Promise<ProbeAnswer> {
  try {
    const answer = await deps.fetch(url, {
      method: 'HEAD',
      // A mirror that redirects would give clients a second hop, which some refuse.
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
      signal: AbortSignal.timeout(deps.timeoutMs),
    })
    // S3 says 403, not 404, to whoever may not list the bucket.
    if (answer.status === 404 || answer.status === 403) return { holding: 'absent' }
    if (answer.status !== 200) return { holding: 'failed' }
    const length = answer.headers.get('content-length')
    return length !== null && /^\d+$/.test(length)
      ? { holding: 'present', sizeBytes: Number(length) }
      : { holding: 'present' }
  } catch {
    return { holding: 'failed' }
  }
}

function lifetimeMs(holding: LearntHolding, deps: ProbeDeps): number {
  if (holding === 'present') return deps.presentForMs
  return holding === 'absent' ? deps.absentForMs : deps.failedForMs
}
