import type { Place } from '../../contract/place.ts'
import { bundleWorker } from './bundle.ts'
import { startWorker } from './start-worker.ts'

let bundled: ReturnType<typeof bundleWorker> | undefined

/** One bundle for all who want one: wrangler takes some seconds. */
export function theBundle(): ReturnType<typeof bundleWorker> {
  bundled ??= bundleWorker()
  return bundled
}

export const workerd: Place = {
  name: 'workerd',
  hasFront: true,
  async start(config) {
    const worker = await startWorker(await theBundle(), config)
    return { ...worker, events: () => worker.lines.flatMap(eventIn) }
  },
}

/** The event that a line of the log is, if it is one. */
export function eventIn(line: string): readonly Readonly<Record<string, unknown>>[] {
  return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []
}
