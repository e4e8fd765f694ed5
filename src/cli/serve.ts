import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import type { ClusterService } from '../runtime/cluster/service.ts'
import { createConfigReload, watchConfigFile } from '../runtime/config-reload.ts'
import type { Log } from '../runtime/log.ts'
import type { Service } from '../runtime/node.ts'
import { startService } from '../runtime/node.ts'
import type { Command, ExitCode, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { listenFlags, listenSettings, processCount } from './listen-settings.ts'
import type { OpenedConfig } from './load-config.ts'
import { openConfig } from './load-config.ts'

const help = `nearport serve [--config FILE] [--host ADDRESS] [--port N] [--admin-host ADDRESS] [--admin-port N]
               [--processes N]

Answers image pulls: blobs go to the mirror nearest to the caller, the rest to the upstream.
With no configuration it shows itself: an embedded upstream and two embedded mirrors.

  --config FILE   the configuration (NEARPORT_CONFIG; else ./nearport.json, if it is there)
  --host, --port  where clients come in (HOST, PORT; every address, 8080)
  --admin-host, --admin-port
                  the operators' page, /report.json, /metrics, /livez and /readyz
                  (ADMIN_HOST, ADMIN_PORT; 127.0.0.1, 9090)
  --processes     how many processes answer clients, one for each core (PROCESSES; 1)

One JSON line an event goes to standard output. SIGTERM drains. At SIGHUP, and when its file has changed, the
configuration is read anew: one that is right as a whole is taken without losing a request, another is refused and told.
`

/** `nearport serve`. */
export const serve: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, { config: 'string', ...listenFlags })
    if (rest.length > 0) throw new UsageError(`serve takes no argument, and got ${rest.join(' ')}`)

    const listening = (from: Config): Config => ({
      ...from,
      ...listenSettings(flags, terminal.env, from),
      processes: processCount(flags, terminal.env, from.processes),
    })
    const opened = await openConfig(flags.config, terminal.env)
    if (opened === undefined) {
      // With the embedded registry comes the sync that fills its mirrors, and with that the AWS SDK.
      const { startDemo } = await import('../runtime/demo.ts')
      if (processCount(flags, terminal.env, 1) > 1) {
        throw new UsageError('several processes want a configuration, and got none')
      }
      return runUntilStopped(terminal, async ({ write }) => ({
        service: await startDemo(listening, write, (text) => terminal.err(text)),
        end: () => {},
      }))
    }
    return runUntilStopped(terminal, async (log) => {
      const { path, text } = opened
      const config = listening(opened.config)
      const service = await start(config, opened, log, terminal.env)
      const reload = createConfigReload(
        { text, config },
        {
          async read() {
            const read = (await openConfig(path, terminal.env))!
            return { text: read.text, config: listening(read.config) }
          },
          take: service.take,
          record: service.record,
          now: Date.now,
        },
      )
      const endWatching = watchConfigFile(path, () => void reload())
      const endHearing = terminal.onHangup?.(() => void reload())
      const end = () => {
        endWatching()
        endHearing?.()
      }
      return { service, end }
    })
  },
}

/** Starts the service, in this process or in several. */
async function start(
  config: Config,
  read: OpenedConfig,
  log: Log,
  env: Terminal['env'],
): Promise<ClusterService> {
  if (config.processes === 1) return startService(config, log.write, env)
  const { startCluster } = await import('../runtime/cluster/service.ts')
  // The file beside this one, as TypeScript or compiled.
  const program = new URL(`./serve-process${extname(import.meta.url)}`, import.meta.url)
  return startCluster(config, read, { log, program: fileURLToPath(program), env })
}

type Started = { readonly service: Pick<Service, 'drain'>; readonly end: () => void }

async function runUntilStopped(
  terminal: Terminal,
  startWith: (log: Log) => Promise<Started>,
): Promise<ExitCode> {
  const log = terminal.openLog()
  const { service, end } = await startWith(log).catch(async (error: unknown) => {
    // What came before stands before why it did not start.
    await log.end()
    throw error
  })
  await stopped(terminal.stop)
  end()
  await service.drain()
  await log.end()
  return 0
}

function stopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
}
