import { LRUCache } from 'lru-cache'
import type { Config } from '../../config.ts'
import type { IndexKeeper } from '../../proxy/index-keeper.ts'
import { createIndexKeeper } from '../../proxy/index-keeper.ts'
import { createMirrorIndexReader } from '../../proxy/mirror-index-reader.ts'
import type { PresenceSource } from '../../proxy/presence.ts'
import { assumedPresence } from '../../proxy/presence.ts'
import type { Probe, ProbeAnswer } from '../../proxy/probe.ts'
import { createProbe } from '../../proxy/probe.ts'
import type { WorkerEnv } from './env.ts'
import { createBoundIndexReader } from './index-reader.ts'

/** A place that lets us wait for longer is asked again at the next look. */
const indexIdleMs = 5000

/** How an isolate knows what mirrors hold, as configured. It knows nothing at its start. */
export function createWorkerPresence(
  config: Config,
  bucket: WorkerEnv['INDEX'],
  now: () => number,
): { readonly presence: PresenceSource; readonly keeper?: IndexKeeper; readonly probe?: Probe } {
  switch (config.presence) {
    case 'assume':
      return { presence: assumedPresence }
    case 'probe': {
      const probe = createWorkerProbe(config.probe)
      return { presence: probe, probe }
    }
    case 'index': {
      const { mirrors } = config
      const reading = { fetch: fetchNow, idleMs: indexIdleMs }
      const readers = [
        ...(bucket === undefined ? [] : [createBoundIndexReader(bucket)]),
        ...mirrors.map((mirror) => createMirrorIndexReader(mirror, reading)),
      ]
      const keeper = createIndexKeeper({ readers, mirrors, now })
      return { presence: keeper, keeper }
    }
  }
}

/** workerd's own refuses to be called as a method of anything. */
const fetchNow: typeof fetch = (input, init) => fetch(input, init)

function createWorkerProbe(probe: Config['probe']): Probe {
  return createProbe({
    fetch: fetchNow,
    // A clock kept for a moment by a timer would stand still for ever: the timer ends with its request.
    remembered: new LRUCache<string, ProbeAnswer>({ max: probe.remembered, ttlResolution: 0 }),
    // Each request asks for itself: what another's asks may never be answered.
    coalesce: (_key, ask) => ask(),
    timeoutMs: probe.timeoutMs,
    // A place taken by a request that was cut off would never be given back.
    atOnce: Infinity,
    presentForMs: probe.presentForSeconds * 1000,
    absentForMs: probe.absentForSeconds * 1000,
    failedForMs: probe.failedForSeconds * 1000,
  })
}
