import type { Registry } from '@prometheus-io/client'
import { Counter, Gauge } from '@prometheus-io/client'
import type { RangesEvent } from '../core/event.ts'

/** A cloud's document of address ranges, as `ServiceState` has it. */
type Figures = {
  readonly cloud: string
  readonly dateMs: number | undefined
  readonly from?: string | undefined
  readonly refused?: boolean | undefined
}

/** Adds what is read at each scrape of the ranges in use. `now` is in milliseconds since 1970. */
export function addRangesGauges(
  registers: Registry[],
  state: () => { readonly ranges: readonly Figures[] },
  now: () => number,
): void {
  const age = new Gauge({
    name: 'nearport_ranges_age_seconds',
    help: 'Time since the cloud made the document of address ranges in use.',
    labelNames: ['cloud'],
    registers,
    collect() {
      for (const { cloud, dateMs } of state().ranges) {
        if (dateMs !== undefined) age.set({ cloud }, (now() - dateMs) / 1000)
      }
    },
  })
  const source = new Gauge({
    name: 'nearport_ranges_source',
    help: 'Where the document of address ranges in use is from: 1 for that source.',
    labelNames: ['cloud', 'source'],
    registers,
    collect() {
      source.reset()
      for (const { cloud, from } of state().ranges) {
        source.set({ cloud, source: from === undefined ? 'bundled' : 'fetched' }, 1)
      }
    },
  })
  const refused = new Gauge({
    name: 'nearport_ranges_refused',
    help: 'Whether the last document of address ranges that came was refused: 1, or 0 where it was not.',
    labelNames: ['cloud'],
    registers,
    collect() {
      for (const each of state().ranges) {
        if (each.refused !== undefined) refused.set({ cloud: each.cloud }, each.refused ? 1 : 0)
      }
    },
  })
}

/** Adds what is counted of looks for newer ranges. */
export function createRangesCounters(registers: Registry[]): {
  readonly count: (event: RangesEvent) => void
} {
  const updates = new Counter({
    name: 'nearport_ranges_updates_total',
    help: 'Looks for newer address ranges, by what came of them; no cloud: at the kept copy.',
    labelNames: ['cloud', 'outcome'],
    registers,
  })
  const changed = new Counter({
    name: 'nearport_ranges_changed_addresses_total',
    help: 'Addresses that updates changed: of IPv4 each, of IPv6 networks of /64.',
    labelNames: ['cloud', 'family', 'how'],
    registers,
  })
  return {
    count({ cloud = '', outcome, change }) {
      updates.inc({ cloud, outcome })
      if (outcome !== 'updated' || change === undefined) return
      for (const family of ['ipv4', 'ipv6'] as const) {
        changed.inc({ cloud, family, how: 'gained' }, change.gained[family])
        changed.inc({ cloud, family, how: 'lost' }, change.lost[family])
        changed.inc({ cloud, family, how: 'moved' }, change.movedOut[family])
      }
    },
  }
}
