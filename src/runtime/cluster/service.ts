import type { Config } from '../../config.ts'
import { ConfigError } from '../../config/error.ts'
import type { Log } from '../log.ts'
import type { Service } from '../node.ts'
import { startService } from '../node.ts'
import { createHearing } from './hearing.ts'
import type { ProcessesPort } from './processes.ts'
import { startProcesses } from './processes.ts'

export type ClusterDeps = {
  readonly log: Log
  /** The file that each process runs: it hands on to `runWorker`. */
  readonly program: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A running nearport that takes another configuration with the text that it was read from. */
export type ClusterService = Omit<Service, 'take'> & {
  readonly take: (config: Config, text: string) => Promise<void>
}

/**
 * Starts nearport with as many processes that answer clients as `config.processes` says, each of them
 * whole. This one, the primary, answers none: it has operators' port, log and configuration, and knows
 * index, ranges and mirrors for itself to tell of them. `text` and `path`: what `config` was read
 * from. Rejects as `startService` does, and on any runtime but Node.
 */
export async function startCluster(
  config: Config,
  { text, path }: { readonly text: string; readonly path: string },
  { log, program, env }: ClusterDeps,
): Promise<ClusterService> {
  if (process.versions['bun'] !== undefined) {
    const wanted = 'wanted 1, as several were seen to work on Node alone'
    throw new ConfigError(path, [`processes: ${wanted}, got ${config.processes}`])
  }
  let port: ProcessesPort
  const { host, processes: of } = config
  const service = await startService(config, log.write, env, async ({ started, record, count }) => {
    const hear = createHearing({ writeLines: log.writeLines, count })
    const read = { text, path, listening: { host, port: config.port }, of }
    // While this process loads what it needs: it takes none of them longer to start than one alone.
    port = await startProcesses(read, { program, hear, record })
    await started
    return port
  })
  return {
    ...service,
    async take(next, nextText) {
      // Here first: what the environment lacks is found out before anything has changed.
      await service.take(next)
      await port.take(nextText)
    },
  }
}
