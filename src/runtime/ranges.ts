import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Config } from '../config.ts'
import type { AddressTable } from '../core/address-table.ts'
import type { RangesEvent } from '../core/event.ts'
import { bundledTablePath } from '../ranges/bundled.ts'
import type { RangesKeeper, RangesKeeperDeps } from '../ranges/keeper.ts'
import { createRangesKeeper } from '../ranges/keeper.ts'
import { loadKeptTable, saveKeptTable } from './ranges/directory.ts'

/** A service that is started again and again asks nobody. */
const leastFirstLookMs = 60_000
/** Replicas that start together ask at some time within this. */
const spreadFirstLookMs = 9 * 60_000

/**
 * Keeps ranges on Node, as configured. Throws an Error where the table that comes with nearport is
 * missing or damaged: then the installation is. `given` is for whoever has another table, or no time.
 */
export function createConfiguredRanges(
  ranges: Config['ranges'],
  given: Partial<Pick<RangesKeeperDeps, 'bundled' | 'firstLookMs'>> = {},
): RangesKeeper {
  const { directory, refreshSeconds } = ranges
  const firstLookMs = leastFirstLookMs + Math.random() * spreadFirstLookMs
  const refreshMs = refreshSeconds * 1000
  return createRangesKeeper({
    bundled: readFileSync(bundledTablePath),
    sources: ranges.sources,
    refreshMs,
    firstLookMs: Math.min(firstLookMs, refreshMs),
    limits: ranges,
    fetch,
    load: async () => (directory === undefined ? undefined : loadKeptTable(directory)),
    save: async (table) => {
      if (directory !== undefined) await saveKeptTable(directory, table)
    },
    // Threads come with the first document that does, minutes after the start.
    decide: async (task) => (await import('./ranges/thread.ts')).decideInThread(task),
    merge: async (...of) => (await import('./ranges/thread.ts')).mergeInThread(...of),
    crc32,
    now: Date.now,
    random: Math.random,
    ...given,
  })
}

/** The table that a service would start with: the newest of what came with nearport and what was kept. */
export async function readRanges(ranges: Config['ranges']): Promise<AddressTable> {
  const keeper = createConfiguredRanges(ranges)
  await keeper.restore()
  return keeper.table
}

/**
 * Takes the kept table, then looks for newer ranges for as long as the service lives. Resolves, with
 * the function that ends it all, once the kept table is read.
 */
export async function startRanges(
  keeper: RangesKeeper,
  record: (event: RangesEvent) => void,
): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const wait = () => {
    const dueMs = keeper.nextDueMs()
    if (stopped || dueMs === undefined) return
    timer = setTimeout(() => void look(), Math.max(0, dueMs - Date.now()))
    timer.unref()
  }
  const look = async () => {
    for (const event of await keeper.refreshDue()) record(event)
    wait()
  }
  for (const event of await keeper.restore()) record(event)
  wait()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
