import type { Registry } from '@prometheus-io/client'
import { Counter } from '@prometheus-io/client'
import type { WatchOutcome } from '../core/mirror-watch.ts'
import type { Nanodollars } from '../core/money.ts'

/** What came of asking a mirror whether it serves, where it is asked. */
export type MirrorWatchFigures = {
  readonly id: string
  /** How often it was asked, by what came of it. */
  readonly asked?: Readonly<Record<WatchOutcome, number>> | undefined
  /** What it cost above the mirror's own price that it was out. */
  readonly failoverSpent?: Nanodollars | undefined
}

/** Adds the counters of mirrors that are asked, read anew at each scrape. */
export function addWatchMetrics(
  registers: Registry[],
  mirrors: () => readonly MirrorWatchFigures[],
): void {
  const probes = new Counter({
    name: 'nearport_mirror_probes_total',
    help: 'Times that a mirror was asked whether it serves, by what came of it.',
    labelNames: ['mirror', 'outcome'],
    registers,
    collect() {
      probes.reset()
      for (const { id, asked } of mirrors()) {
        for (const [outcome, count] of Object.entries(asked ?? {})) {
          probes.inc({ mirror: id, outcome }, count)
        }
      }
    },
  })
  const dollars = new Counter({
    name: 'nearport_failover_dollars_total',
    help: 'What it cost, above its own price, that a mirror was out, in US dollars.',
    labelNames: ['mirror'],
    registers,
    collect() {
      dollars.reset()
      for (const { id, failoverSpent } of mirrors()) {
        if (failoverSpent !== undefined) dollars.inc({ mirror: id }, Number(failoverSpent) / 1e9)
      }
    },
  })
}
