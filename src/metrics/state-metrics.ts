import type { Registry } from '@prometheus-io/client'
import { Gauge } from '@prometheus-io/client'
import { addRangesGauges } from './ranges-metrics.ts'
import type { MirrorWatchFigures } from './watch-metrics.ts'
import { addWatchMetrics } from './watch-metrics.ts'

/** What the service stands on, as it is now. */
export type ServiceState = {
  readonly index: IndexFigures | undefined
  /** Every configured mirror, and whether clients are sent there. */
  readonly mirrors: readonly MirrorFigures[]
  /** The addresses of upstreams that have several, and whether they answer. */
  readonly upstreams: readonly { readonly registry: string; readonly up: boolean }[]
  /** The documents of the ranges in use. */
  readonly ranges: readonly RangesFigures[]
}

export type MirrorFigures = MirrorWatchFigures & {
  readonly healthy: boolean
  /** Why it is not, where that is known. */
  readonly why?: string | undefined
}

/** A cloud's document of address ranges, and what came of the last look for a newer one. */
export type RangesFigures = {
  readonly cloud: string
  /** When the cloud made it, in milliseconds since 1970; undefined: it does not say. */
  readonly dateMs: number | undefined
  /** The address it was read from; undefined: it came with nearport, or as a file. */
  readonly from?: string | undefined
  /** Undefined: there was no look yet. */
  readonly lookedAtMs?: number | undefined
  readonly outcome?: string | undefined
  readonly problems?: readonly string[]
  /** Whether the last document that came was refused; undefined: none came. */
  readonly refused?: boolean | undefined
}

/** The index in use. */
export type IndexFigures = {
  readonly generation: number
  readonly blobs: number
  /** The length of the index itself. */
  readonly bytes: number
  /** When sync last found the mirrors to be as it says, in milliseconds since 1970. */
  readonly checkedAtMs: number
}

/** Adds gauges that are read anew at each scrape. `now` is in milliseconds since 1970. */
export function addStateMetrics(
  registers: Registry[],
  state: () => ServiceState,
  now: () => number,
): void {
  addIndexGauges(registers, state, now)
  const healthy = new Gauge({
    name: 'nearport_mirror_healthy',
    help: 'Whether clients are sent to a configured mirror: 1, or 0 where it is left out.',
    labelNames: ['mirror'],
    registers,
    collect() {
      for (const mirror of state().mirrors) {
        healthy.set({ mirror: mirror.id }, mirror.healthy ? 1 : 0)
      }
    },
  })
  addWatchMetrics(registers, () => state().mirrors)
  const up = new Gauge({
    name: 'nearport_upstream_up',
    help: 'Whether an address of an upstream that has several answers: 1, or 0 where it is left out.',
    labelNames: ['upstream'],
    registers,
    collect() {
      for (const each of state().upstreams) {
        up.set({ upstream: each.registry }, each.up ? 1 : 0)
      }
    },
  })
  addRangesGauges(registers, state, now)
}

function addIndexGauges(registers: Registry[], state: () => ServiceState, now: () => number): void {
  const gauge = (name: string, help: string, value: (index: IndexFigures) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const { index } = state()
        // No index, no number: a zero would look like one.
        this.reset()
        if (index !== undefined) this.set(value(index))
        else this.remove()
      },
    })
  gauge('nearport_index_generation', 'The index in use, by its generation.', (i) => i.generation)
  gauge('nearport_index_blobs', 'Blobs in the index in use.', (i) => i.blobs)
  gauge('nearport_index_size_bytes', 'Length of the index in use.', (i) => i.bytes)
  gauge(
    'nearport_index_age_seconds',
    'Time since sync last found the mirrors to be as the index says.',
    (i) => (now() - i.checkedAtMs) / 1000,
  )
}
