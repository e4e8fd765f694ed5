import type { ServiceEvent } from '../core/event.ts'
import type { Mirror } from '../core/mirror.ts'
import type { IndexState } from '../proxy/index-keeper.ts'

/** Whether clients are sent to the mirrors, and since when not. */
export type MirrorHealth = {
  /** To be told of every event. */
  readonly record: (event: ServiceEvent) => void
  readonly all: () => readonly { readonly id: string; readonly healthy: boolean }[]
  /** Since when, in milliseconds since 1970, of those that clients are not sent to. */
  readonly unhealthySinceMs: () => ReadonlyMap<string, number>
}

/**
 * Follows the health of mirrors by what happens anyway. Where an index is kept, a mirror is healthy
 * as long as the index names it, which it does only if its canary passed. Where mirrors are asked,
 * one that lost what it held is out until clients are sent there again. Where mirrors are assumed to
 * be whole, nobody looks.
 */
export function createMirrorHealth(
  mirrors: readonly Mirror[],
  presence: 'index' | 'probe' | 'assume',
  indexState: () => IndexState | undefined,
  now: () => number,
): MirrorHealth {
  const since = new Map<string, number>()
  // With no index yet nobody is sent anywhere.
  if (presence === 'index') for (const { id } of mirrors) since.set(id, now())

  return {
    record,
    all: () => mirrors.map(({ id }) => ({ id, healthy: !since.has(id) })),
    unhealthySinceMs: () => since,
  }

  function record(event: ServiceEvent): void {
    if (event.event === 'index') readIndex(event.timeMs)
    else if (event.event === 'mirror-lost') since.set(event.mirror, event.timeMs)
    else if (event.event === 'request' && presence === 'probe' && event.action === 'mirror') {
      since.delete(event.mirror ?? '')
    }
  }

  function readIndex(timeMs: number): void {
    if (presence !== 'index') return
    const state = indexState()
    for (const { id } of mirrors) {
      if (state === undefined || state.unnamed.includes(id)) since.set(id, since.get(id) ?? timeMs)
      else since.delete(id)
    }
  }
}
