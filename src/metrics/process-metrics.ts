import type { Registry } from '@prometheus-io/client'
import { Counter, Gauge } from '@prometheus-io/client'
import type { ServiceEvent } from '../core/event.ts'

/**
 * Adds what becomes of the processes that answer clients, where there are several; with one there is
 * nothing to be seen. Returns what is to be told of every event.
 */
export function addProcessMetrics(registers: Registry[]): (event: ServiceEvent) => void {
  const processes = new Gauge({
    name: 'nearport_processes',
    help: 'Processes that answer clients, where there are several, by whether they listen.',
    labelNames: ['state'],
    registers,
  })
  const exits = new Counter({
    name: 'nearport_process_exits_total',
    help: 'Times that a process that answers clients ended by itself, by its signal or exit code.',
    labelNames: ['how'],
    registers,
  })
  let of = 0
  const set = (listening: number) => {
    processes.set({ state: 'listening' }, listening)
    processes.set({ state: 'out' }, of - listening)
  }
  return (event) => {
    if (event.event === 'started' && event.processes !== undefined) {
      of = event.processes
      set(of)
    } else if (event.event === 'process-out' || event.event === 'process-back') {
      set(event.listening)
      if (event.event === 'process-out') exits.inc({ how: event.how })
    }
  }
}
