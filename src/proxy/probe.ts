import type { LRUCache } from 'lru-cache'
import type { Presence } from '../core/policy.ts'
import type { Digest } from '../core/digest.ts'
import type { Mirror } from '../core/mirror.ts'
import { signedBlobUrl } from '../core/mirror.ts'
import type { LearntHolding, PresenceSource } from './presence.ts'

/** What a probe brought: kept as long as its answer is good for. */
export type ProbeAnswer = { readonly holding: LearntHolding; readonly sizeBytes?: number }

export type ProbeDeps = {
  readonly fetch: typeof fetch
  /**
   * Answers, never promises: on Workers a promise may outlive the request that would have settled
   * it.
   */
  readonly remembered: LRUCache<string, ProbeAnswer>
  /** Runs one probe for all who ask at once. On Workers each runs its own. */
  readonly coalesce: (key: string, probe: () => Promise<ProbeAnswer>) => Promise<ProbeAnswer>
  readonly timeoutMs: number
  /**
   * Questions to one mirror at once: whoever makes up digests must not make us its flood. Beyond,
   * it counts as failed.
   */
  readonly atOnce: number
  readonly presentForMs: number
  readonly absentForMs: number
  readonly failedForMs: number
}

export type Probe = PresenceSource & {
  /**
   * Asks each mirror again for a blob that it was last known to hold. One that no longer says yes
   * loses all that is remembered of it: without this, an emptied or dead mirror would be sent
   * clients for as long as yes is remembered. To be called every few seconds. Resolves with the ids
   * of the mirrors that lost their word.
   */
  readonly recheck: () => Promise<readonly string[]>
}

/** Presence learnt by a HEAD at the mirror, under a deadline, and remembered. */
export function createProbe(deps: ProbeDeps): Probe {
  const { remembered } = deps
  // By URL: what was learnt of a bucket stays true when the configuration is read anew.
  const mirrors = new Map<string, MirrorMemory>()
  const memoryOf = (mirror: Mirror) => {
    const known = mirrors.get(mirror.publicUrl)
    if (known !== undefined) return known
    const made = { mirror, number: mirrors.size, epoch: 0, underWay: 0, held: undefined }
    mirrors.set(mirror.publicUrl, made)
    return made
  }
  const keyOf = (mirror: Mirror, digest: Digest) => {
    const { number, epoch } = memoryOf(mirror)
    return `${number}.${epoch} ${digest}`
  }

  const presence: Presence = {
    holds: (mirror, digest) => remembered.get(keyOf(mirror, digest))?.holding ?? 'unknown',
    // A blob's size is the same wherever it is, and counts only while somebody holds it.
    sizeBytes(digest) {
      for (const { mirror } of mirrors.values()) {
        const answer = remembered.get(keyOf(mirror, digest))
        if (answer?.sizeBytes !== undefined) return answer.sizeBytes
      }
      return undefined
    },
  }
  return {
    current: () => presence,
    async ask(mirror, digest) {
      const key = keyOf(mirror, digest)
      const memory = memoryOf(mirror)
      const answer = await deps.coalesce(key, async () => {
        if (memory.underWay >= deps.atOnce) return tooMany
        memory.underWay++
        const probed = await probe(mirror, digest, deps)
        memory.underWay--
        return probed
      })
      if (answer === tooMany) return answer.holding
      remembered.set(key, answer, { ttl: lifetimeMs(answer.holding, deps) })
      if (answer.holding === 'present') memory.held = digest
      return answer.holding
    },
    async recheck() {
      const lost: string[] = []
      const checks = [...mirrors.values()].map(async (memory) => {
        const { mirror } = memory
        if (memory.held === undefined) return
        const { holding } = await probe(mirror, memory.held, deps)
        if (holding === 'present') return
        memory.epoch++
        memory.held = undefined
        lost.push(mirror.id)
      })
      await Promise.all(checks)
      return lost
    },
  }
}

/** Not an answer of the mirror's, and so nothing to be remembered. */
const tooMany: ProbeAnswer = { holding: 'failed' }

/**
 * `held` is a blob the mirror said it holds; a new `epoch` forgets every answer of the mirror at
 * once.
 */
type MirrorMemory = {
  readonly mirror: Mirror
  readonly number: number
  epoch: number
  underWay: number
  held: Digest | undefined
}

async function probe(mirror: Mirror, digest: Digest, deps: ProbeDeps): Promise<ProbeAnswer> {
  try {
    const answer = await deps.fetch(signedBlobUrl(mirror, 'HEAD', digest), {
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
