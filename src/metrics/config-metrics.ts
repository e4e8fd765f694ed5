import type { Registry } from '@prometheus-io/client'
import { Counter, Gauge } from '@prometheus-io/client'
import type { ConfigEvent } from '../core/event.ts'

/**
 * Adds what came of reading the configuration anew. Returns what is to be told of it. The one that a
 * service starts with is good.
 */
export function addConfigMetrics(registers: Registry[]): (event: ConfigEvent) => void {
  const reloads = new Counter({
    name: 'nearport_config_reloads_total',
    help: 'Times that the configuration was read anew, by what came of it.',
    labelNames: ['outcome'],
    registers,
  })
  const good = new Gauge({
    name: 'nearport_config_good',
    help: 'Whether the configuration is in use as its file has it: 0 where it was refused.',
    registers,
  })
  good.set(1)
  return ({ outcome }) => {
    reloads.inc({ outcome })
    good.set(outcome === 'refused' ? 0 : 1)
  }
}
