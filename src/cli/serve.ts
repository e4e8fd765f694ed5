import type { Config } from '../config.ts'
import { createConfigReload, watchConfigFile } from '../runtime/config-reload.ts'
import { startDemo } from '../runtime/demo.ts'
import type { Service } from '../runtime/node.ts'
import { startService } from '../runtime/node.ts'
import type { Command, ExitCode, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { listenFlags, listenSettings } from './listen-settings.ts'
import { openConfig } from './load-config.ts'

const help = `nearport serve [--config FILE] [--host ADDRESS] [--port N] [--admin-host ADDRESS] [--admin-port N]

Answers image pulls: blobs go to the mirror nearest to the caller, the rest to the upstream.
With no configuration it shows itself: an embedded upstream and two embedded mirrors.

  --config FILE   the configuration (NEARPORT_CONFIG; else ./nearport.json, if it is there)
  --host, --port  where clients come in (HOST, PORT; every address, 8080)
  --admin-host, --admin-port
                  the operators' page, /report.json, /metrics, /livez and /readyz
                  (ADMIN_HOST, ADMIN_PORT; 127.0.0.1, 9090)

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
    })
    const opened = await openConfig(flags.config, terminal.env)
    if (opened === undefined) {
      return runUntilStopped(terminal, async (record) => ({
        service: await startDemo(listening, record, (text) => terminal.err(text)),
        end: () => {},
      }))
    }
    return runUntilStopped(terminal, async (record) => {
      const { path, text } = opened
      const config = listening(opened.config)
      const service = await startService(config, record, terminal.env)
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

type Started = { readonly service: Service; readonly end: () => void }

async function runUntilStopped(
  terminal: Terminal,
  start: (record: (event: object) => void) => Promise<Started>,
): Promise<ExitCode> {
  const log = terminal.openLog()
  const { service, end } = await start(log.write)
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
