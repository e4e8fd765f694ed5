import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import type { IndexKeeper } from '../proxy/index-keeper.ts'
import { createIndexKeeper } from '../proxy/index-keeper.ts'
import { createMirrorIndexReader } from '../proxy/mirror-index-reader.ts'
import type { PresenceSource } from '../proxy/presence.ts'
import { assumedPresence } from '../proxy/presence.ts'
import type { Probe, ProbeAnswer } from '../proxy/probe.ts'
import { createProbe } from '../proxy/probe.ts'
import { createDirectoryIndexReader } from './index/directory-index-reader.ts'
import { createKeptIndex } from './index/kept-index.ts'
import { plainFetch } from './plain-fetch.ts'
import { sha256InPieces } from './index/sha256-in-pieces.ts'
import { createSingleFlight } from './single-flight.ts'

/** A place that lets us wait for longer is asked again at the next look. */
const indexIdleMs = 5000

/**
 * How it is known what mirrors hold, as configured. Where an index is kept, `keeper` is there, and
 * starts empty; where mirrors are asked, `probe` is.
 */
export function createPresence(
  config: Config,
  now: () => number,
): { readonly presence: PresenceSource; readonly keeper?: IndexKeeper; readonly probe?: Probe } {
  switch (config.presence) {
    case 'assume':
      return { presence: assumedPresence }
    case 'probe': {
      const probe = createNodeProbe(config.probe)
      return { presence: probe, probe }
    }
    case 'index': {
      const keeper = createKeeper(config, now)
      return { presence: keeper, keeper }
    }
  }
}

function createKeeper({ index, mirrors }: Config, now: () => number): IndexKeeper {
  const reading = { fetch: plainFetch, idleMs: indexIdleMs }
  const readers = [
    ...(index.directory === undefined ? [] : [createDirectoryIndexReader(index.directory)]),
    ...mirrors.map((mirror) => createMirrorIndexReader(mirror, reading)),
  ]
  const kept = index.keptIn === undefined ? undefined : createKeptIndex(index.keptIn)
  return createIndexKeeper({ readers, mirrors, kept, sha256: sha256InPieces, now })
}

function createNodeProbe(probe: Config['probe']): Probe {
  return createProbe({
    fetch,
    remembered: new LRUCache<string, ProbeAnswer>({ max: probe.remembered }),
    coalesce: createSingleFlight(),
    timeoutMs: probe.timeoutMs,
    atOnce: 256,
    presentForMs: probe.presentForSeconds * 1000,
    absentForMs: probe.absentForSeconds * 1000,
    failedForMs: probe.failedForSeconds * 1000,
  })
}
