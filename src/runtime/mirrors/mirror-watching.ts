import type { Config } from '../../config.ts'
import { createAccounting } from '../../core/accounting.ts'
import type { MirrorOutEvent, ServiceEvent } from '../../core/event.ts'
import { createFailoverCosts } from '../../core/failover.ts'
import type { Nanodollars } from '../../core/money.ts'
import type { IndexKeeper } from '../../proxy/index-keeper.ts'
import type { Learnt, WatchCounts } from '../../proxy/mirror-watch/mirror-watch.ts'
import { createMirrorWatcher } from '../../proxy/mirror-watch/mirror-watch.ts'
import { createWatchedPresence } from '../../proxy/mirror-watch/presence.ts'
import type { PresenceSource } from '../../proxy/presence.ts'
import { isAnswering } from '../upstream-asking.ts'

/** Mirrors that are asked whether they serve, and are left out while they do not. */
export type MirrorWatching = {
  /** What the mirrors hold, less those that are out. */
  readonly presence: PresenceSource
  /** To be told of every event. */
  readonly hear: (event: ServiceEvent) => void
  /** Asks every mirror once. Never rejects. */
  readonly look: () => Promise<void>
  /** Of each mirror, by its id. */
  readonly figures: () => ReadonlyMap<string, WatchFigures>
  /** The mirrors that are out, as they were told of. */
  readonly out: () => readonly MirrorOutEvent[]
  readonly learnt: () => Learnt
}

export type WatchFigures = {
  /** How often it was asked since the start, by what came of it. */
  readonly asked: WatchCounts
  /** What it cost that it was out, above what it would have cost itself. */
  readonly failoverSpent: Nanodollars
}

export type MirrorWatchingDeps = {
  readonly presence: PresenceSource
  /** Where an index is kept. */
  readonly keeper: IndexKeeper | undefined
  readonly record: (event: ServiceEvent) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What was watched under the configuration before: who is out then stays out. */
  readonly before?: Pick<MirrorWatching, 'learnt'> | undefined
  readonly fetch?: typeof fetch
  /** A number from 0 to less than 1. */
  readonly random?: () => number
}

/** Makes the watching of a configuration's mirrors. Nobody is asked until `look` is called. */
export function createMirrorWatching(config: Config, deps: MirrorWatchingDeps): MirrorWatching {
  const { health, mirrors, upstreams, prices, accounting: monthly } = config
  const { keeper, record, now, random = Math.random } = deps
  const fetchNow: typeof fetch = deps.fetch ?? ((input, init) => fetch(input, init))
  const costs = createFailoverCosts({
    accounting: createAccounting({ prices, upstreams, mirrors, ...monthly }),
    upstreams,
    mostAnHour: nanodollarsOf(health.dollarsAnHour),
    now,
  })
  const presence = createWatchedPresence(deps.presence, costs.mayGoOn)
  const watcher = createMirrorWatcher({
    mirrors,
    terms: health,
    isPresenceKnown: config.presence !== 'assume',
    hasCanary: ({ id }) => keeper?.state()?.unnamed.includes(id) === false,
    async isUpstreamWell() {
      const registries = upstreams.flatMap(({ registry, addresses = [] }) => [
        registry,
        ...addresses.map((address) => address.registry),
      ])
      const asked = [...new Set(registries)].map((registry) =>
        isAnswering(registry, health.timeoutMs, fetchNow),
      )
      return (await Promise.all(asked)).includes(true)
    },
    setOut: presence.setOut,
    record,
    // Whom nobody asks any more would stay out for good.
    before: health.everySeconds === 0 ? undefined : deps.before?.learnt(),
    random,
    now,
    fetch: fetchNow,
    timeoutMs: health.timeoutMs,
    slowMs: health.slowMs,
    elapsedMs: () => performance.now(),
  })

  return {
    presence,
    hear(event) {
      if (event.event !== 'request') return
      if (event.action === 'mirror') watcher.hear(event)
      if (event.insteadOf !== undefined) costs.record(event)
    },
    look: watcher.look,
    out: watcher.out,
    learnt: watcher.learnt,
    figures() {
      const spent = costs.spent()
      return new Map(
        Array.from(watcher.counts(), ([id, asked]) => [
          id,
          { asked, failoverSpent: spent.get(id) ?? 0n },
        ]),
      )
    },
  }
}

/**
 * Looks after the mirrors every so often, for as long as the service lives. Returns the function that
 * ends it.
 */
export function startWatching(
  { look }: Pick<MirrorWatching, 'look'>,
  { health, mirrors }: Pick<Config, 'health' | 'mirrors'>,
): () => void {
  const everyMs = health.everySeconds * 1000
  if (everyMs === 0 || mirrors.length === 0) return () => {}
  let timer: NodeJS.Timeout
  let stopped = false
  const lookNow = async () => {
    const startMs = performance.now()
    await look()
    if (stopped) return
    // A little apart, so that replicas that started together do not ask together for ever.
    const nextMs = everyMs * (0.9 + 0.2 * Math.random())
    // Counted from its start: mirrors that answer late are not to be found out late.
    lookAfter(Math.max(0, nextMs - (performance.now() - startMs)))
  }
  const lookAfter = (ms: number) => {
    timer = setTimeout(() => void lookNow(), ms)
    timer.unref()
  }
  lookAfter(everyMs * Math.random())
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

function nanodollarsOf(dollars: number | undefined): Nanodollars | undefined {
  return dollars === undefined ? undefined : BigInt(Math.round(dollars * 1e9))
}
