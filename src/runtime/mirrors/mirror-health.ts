import type { ServiceEvent } from '../../core/event.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { IndexState } from '../../proxy/index-keeper.ts'

/** Whether clients are sent to a mirror. */
export type MirrorState = {
  readonly id: string
  readonly healthy: boolean
  /** Since when they are not, in milliseconds since 1970, and why, where that is known. */
  readonly sinceMs?: number | undefined
  readonly why?: string | undefined
}

/** Whether clients are sent to the mirrors, and since when not. */
export type MirrorHealth = {
  /** To be told of every event. */
  readonly record: (event: ServiceEvent) => void
  readonly all: () => readonly MirrorState[]
  /** Since when, in milliseconds since 1970, of those that clients are not sent to. */
  readonly unhealthySinceMs: () => ReadonlyMap<string, number>
}

/**
 * Follows the health of mirrors by what happens. Where an index is kept, a mirror is healthy as long
 * as the index names it, which it does only if its canary passed. Where mirrors are asked for each
 * blob, one that lost what it held is out until clients are sent there again. In every case it is
 * not while it is out, as it did not serve what it was asked for beside requests.
 */
export function createMirrorHealth(
  mirrors: readonly Mirror[],
  presence: 'index' | 'probe' | 'assume',
  indexState: () => IndexState | undefined,
  now: () => number,
): MirrorHealth {
  const unheard = new Map<string, Want>()
  const out = new Map<string, Want>()
  // With no index yet nobody is sent anywhere.
  if (presence === 'index') {
    for (const { id } of mirrors) unheard.set(id, { sinceMs: now(), why: noIndex })
  }

  return {
    record,
    all: () =>
      mirrors.map(({ id, signer }) => {
        const want = wantOf(id)
        if (want !== undefined) return { id, healthy: false, ...want }
        // Nobody is sent to a private one whose addresses cannot be signed.
        if (signer?.isReady() === false) return { id, healthy: false, why: noCredentials }
        return { id, healthy: true }
      }),
    unhealthySinceMs: () =>
      new Map(
        mirrors.flatMap(({ id }) => {
          const want = wantOf(id)
          return want === undefined ? [] : [[id, want.sinceMs] as const]
        }),
      ),
  }

  /** What has kept clients away for longest. */
  function wantOf(id: string): Want | undefined {
    const wants = [unheard.get(id), out.get(id)].filter((want) => want !== undefined)
    return wants.toSorted((a, b) => a.sinceMs - b.sinceMs)[0]
  }

  function record(event: ServiceEvent): void {
    if (event.event === 'request') {
      if (presence === 'probe' && event.action === 'mirror') unheard.delete(event.mirror ?? '')
    } else if (event.event === 'index') readIndex(event.timeMs)
    else if (event.event === 'mirror-lost') {
      unheard.set(event.mirror, { sinceMs: event.timeMs, why: lostBlob })
    } else if (event.event === 'mirror-out') {
      out.set(event.mirror, { sinceMs: event.timeMs, why: event.why })
    } else if (event.event === 'mirror-back') out.delete(event.mirror)
  }

  function readIndex(timeMs: number): void {
    if (presence !== 'index') return
    const state = indexState()
    for (const { id } of mirrors) {
      if (state !== undefined && !state.unnamed.includes(id)) unheard.delete(id)
      else {
        const why = state === undefined ? noIndex : notNamed
        unheard.set(id, { sinceMs: unheard.get(id)?.sinceMs ?? timeMs, why })
      }
    }
  }
}

type Want = { readonly sinceMs: number; readonly why: string }

const noIndex = 'no index is loaded'
const notNamed = 'the index does not name it'
const noCredentials = 'its addresses cannot be signed'
const lostBlob = 'it lost a blob that it held'
