import type { Crc32 } from '../core/address-table-format.ts'
import type { AddressTable } from '../core/address-table.ts'
import type { RangesEvent } from '../core/event.ts'
import { failureText } from '../core/failure-text.ts'
import type { Cloud } from '../core/location.ts'
import { clouds } from '../core/location.ts'
import type { RangesLimits } from '../core/ranges-update.ts'
import type { RangesDecision, RangesTask } from './decide.ts'
import { fetchDocument, usualPatienceMs, withoutQuery } from './fetch-document.ts'
import { newerOf } from './newest.ts'
import { createTableInUse } from './table-in-use.ts'

/** How ranges are kept fresh. Nothing in it is a platform's own. */
export type RangesKeeperDeps = {
  /** The compiled table that comes with nearport, which nobody may change after. */
  readonly bundled: Uint8Array
  /** Where each cloud's document is; a cloud without an address stays as it is. */
  readonly sources: { readonly [C in Cloud]?: string | null }
  /** Between two looks at an address, and before the first one; 0: none is made. */
  readonly refreshMs: number
  readonly firstLookMs: number
  readonly limits: RangesLimits
  readonly fetch: typeof fetch
  /** The table that was saved last, wherever that is; undefined: none was. */
  readonly load: () => Promise<Uint8Array | undefined>
  readonly save: (table: Uint8Array) => Promise<void>
  /** `decideRanges`, where half a second of work holds nobody up. */
  readonly decide: (task: RangesTask) => Promise<RangesDecision>
  /** `mergeTables`, in the same way. */
  readonly merge: (one: Uint8Array, other: Uint8Array) => Promise<Uint8Array>
  readonly crc32: Crc32
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A number from 0 to less than 1. */
  readonly random: () => number
  /** For how long a document may take to come; default: a minute. */
  readonly patienceMs?: number
}

/** Of a cloud: the document in use, and what came of the last look for a newer one. */
export type RangesState = {
  readonly cloud: Cloud
  /** When the vendor made it, in milliseconds since 1970; undefined: it does not say. */
  readonly dateMs: number | undefined
  /** The vendor's own version; undefined: there is no document of this cloud. */
  readonly version: string | undefined
  /** The address it was read from; undefined: it came with nearport, or as a file. */
  readonly from: string | undefined
  readonly lookedAtMs: number | undefined
  /** When its address is asked next; undefined: never. */
  readonly nextLookMs: number | undefined
  readonly outcome: RangesEvent['outcome'] | undefined
  readonly problems: readonly string[]
  /** Whether the last document that came was refused; undefined: none came. */
  readonly refused: boolean | undefined
}

export type RangesKeeper = {
  /** The table in use: each call is answered by the newest one, whole. */
  readonly table: AddressTable
  readonly states: () => readonly RangesState[]
  /** Takes what was saved, as far as it is newer. Never throws. What is no news gives no event. */
  readonly restore: () => Promise<readonly RangesEvent[]>
  /**
   * Restores, then asks each address that is due, one after another. Never throws: on any doubt what
   * is there stays. Does nothing while another look is under way.
   */
  readonly refreshDue: () => Promise<readonly RangesEvent[]>
  /** When `refreshDue` is to be called next, in milliseconds since 1970; undefined: never. */
  readonly nextDueMs: () => number | undefined
}

/** An event names so many regions. */
const mostRegions = 20
/** After a first failure; twice as long after each one more, up to the usual time. */
const firstRetryMs = 15 * 60_000

/** What another process saved is seen within this. */
const keptLookMs = 3_600_000

type Look = {
  dueMs: number
  failures: number
  /** Of the document in use, where it is not in the table: the same came from this address. */
  etag: string | undefined
  last: Pick<RangesEvent, 'timeMs' | 'outcome' | 'problems'> | undefined
  refused: boolean | undefined
}

/** Keeps the last good table of address ranges, swapped whole, and only for a newer one that is sound. */
export function createRangesKeeper(deps: RangesKeeperDeps): RangesKeeper {
  const { crc32, now, random, refreshMs, patienceMs = usualPatienceMs } = deps
  const inUse = createTableInUse(deps.bundled, crc32)
  // A time and not a promise: a look that is cut off on its way must not be the last one.
  let busyUntilMs = -Infinity
  let keptDueMs = now() + Math.min(refreshMs, keptLookMs)
  const asked = clouds.filter((cloud) => refreshMs > 0 && typeof deps.sources[cloud] === 'string')
  const looks = new Map<Cloud, Look>()
  for (const cloud of asked) {
    const dueMs = now() + deps.firstLookMs
    looks.set(cloud, {
      dueMs,
      failures: 0,
      etag: undefined,
      last: undefined,
      refused: undefined,
    })
  }

  async function restore(): Promise<readonly RangesEvent[]> {
    try {
      const kept = await deps.load()
      const current = inUse.bytes()
      const newer = kept === undefined ? 'one' : newerOf(current, kept, crc32)
      if (newer === 'one') return []
      const newest = newer === 'other' ? kept! : await deps.merge(current, kept!)
      const before = inUse.table.sources
      inUse.put(newest)
      return inUse.table.sources
        .filter(({ cloud, version }) => version !== sourceOf(before, cloud)?.version)
        .map(({ cloud, version }) => event('updated', { cloud, version }, []))
    } catch (error) {
      return [event('failed', {}, [`the kept copy: ${failureText(error)}`])]
    }
  }

  async function refresh(cloud: Cloud, look: Look): Promise<RangesEvent> {
    const told = await ask(cloud, look).catch((error: unknown) =>
      event('failed', { cloud, from: withoutQuery(deps.sources[cloud]!) }, [failureText(error)]),
    )
    look.failures = told.outcome === 'failed' ? look.failures + 1 : 0
    if (told.outcome !== 'failed') look.refused = told.outcome === 'refused'
    look.last = told
    const waitMs =
      look.failures === 0 ? refreshMs : Math.min(refreshMs, firstRetryMs * 2 ** (look.failures - 1))
    // A little apart, so that replicas that started together do not ask together for ever.
    look.dueMs = now() + waitMs * (0.9 + 0.2 * random())
    return told
  }

  async function ask(cloud: Cloud, look: Look): Promise<RangesEvent> {
    const url = deps.sources[cloud]!
    const from = withoutQuery(url)
    const current = sourceOf(inUse.table.sources, cloud)
    const known = look.etag ?? (current?.from === from ? current.etag : undefined)
    const came = await fetchDocument(url, known, { fetch: deps.fetch, patienceMs })
    if (came.kind === 'unchanged') {
      return event('unchanged', { cloud, from, ...(current && { version: current.version }) }, [])
    }

    const table = inUse.bytes()
    const decided = await deps.decide({
      cloud,
      document: came.bytes,
      from,
      etag: came.etag,
      table,
      limits: deps.limits,
      nowMs: now(),
    })
    const { verdict, source, change, regions } = decided
    const about = { cloud, from, ...(source && { version: source.version }) }
    if (verdict === 'unchanged') {
      look.etag = came.etag
      return event('unchanged', about, [])
    }
    const what = { ...about, ...(change && { change, regions: regions.slice(0, mostRegions) }) }
    if (verdict === 'refused') return event('refused', what, decided.problems)
    // A look that was taken for cut off may have come to its end in between.
    if (inUse.bytes() !== table) throw new Error('the table in use became another meanwhile')
    inUse.put(decided.table!)
    look.etag = undefined
    return event('updated', what, await save())
  }

  /** Why the table in use could not be saved, where it could not. */
  async function save(): Promise<readonly string[]> {
    try {
      await deps.save(inUse.bytes())
      return []
    } catch (error) {
      return [`it is in use, and could not be kept: ${failureText(error)}`]
    }
  }

  function event(
    outcome: RangesEvent['outcome'],
    about: Omit<RangesEvent, 'event' | 'timeMs' | 'outcome' | 'problems'>,
    problems: readonly string[],
  ): RangesEvent {
    return { event: 'ranges', timeMs: now(), outcome, ...about, problems }
  }

  return {
    table: inUse.table,
    states: () =>
      clouds.flatMap((cloud) => {
        const source = sourceOf(inUse.table.sources, cloud)
        const look = looks.get(cloud)
        if (source === undefined && look === undefined) return []
        const date = source?.date ?? undefined
        return {
          cloud,
          dateMs: date === undefined ? undefined : Date.parse(date),
          version: source?.version,
          from: source?.from,
          lookedAtMs: look?.last?.timeMs,
          nextLookMs: look?.dueMs,
          outcome: look?.last?.outcome,
          problems: look?.last?.problems ?? [],
          refused: look?.refused,
        }
      }),
    restore,
    async refreshDue() {
      if (now() < busyUntilMs) return []
      keptDueMs = now() + Math.min(refreshMs, keptLookMs)
      busyUntilMs = now() + asked.length * 2 * patienceMs
      try {
        const events = [...(await restore())]
        for (const [cloud, look] of looks) {
          if (look.dueMs <= now()) events.push(await refresh(cloud, look))
        }
        return events
      } finally {
        busyUntilMs = -Infinity
      }
    },
    nextDueMs: () =>
      refreshMs === 0
        ? undefined
        : Math.min(keptDueMs, ...Array.from(looks.values(), (look) => look.dueMs)),
  }
}

function sourceOf(
  sources: AddressTable['sources'],
  cloud: Cloud,
): AddressTable['sources'][number] | undefined {
  return sources.find((source) => source.cloud === cloud)
}
