import type { Registry } from '@prometheus-io/client'
import { Gauge } from '@prometheus-io/client'

/** What the service stands on, as it is now. */
export type ServiceState = {
  readonly index: IndexFigures | undefined
  /** Every configured mirror, and whether clients are sent there. */
  readonly mirrors: readonly { readonly id: string; readonly healthy: boolean }[]
  /** The documents of the ranges in use; those that have no date are left out. */
  readonly ranges: readonly { readonly cloud: string; readonly dateMs: number }[]
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
  const age = new Gauge({
    name: 'nearport_ranges_age_seconds',
    help: 'Time since the cloud made the document of address ranges in use.',
    labelNames: ['cloud'],
    registers,
    collect() {
      for (const { cloud, dateMs } of state().ranges) age.set({ cloud }, (now() - dateMs) / 1000)
    },
  })
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
