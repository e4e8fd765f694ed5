import type { Config } from '../config.ts'
import { startDemo } from '../runtime/demo.ts'
import type { Service } from '../runtime/node.ts'
import { startService } from '../runtime/node.ts'
import type { Command, ExitCode, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { listenFlags, listenSettings } from './listen-settings.ts'
import { loadConfig } from './load-config.ts'

const help = `nearport serve [--config FILE] [--host ADDRESS] [--port N] [--admin-host ADDRESS] [--admin-port N]

Answers image pulls: blobs go to the mirror nearest to the caller, the rest to the upstream.
With no configuration it shows itself: an embedded upstream and two embedded mirrors.

  --config FILE   the configuration (NEARPORT_CONFIG; else ./nearport.json, if it is there)
  --host, --port  where clients come in (HOST, PORT; every address, 8080)
  --admin-host, --admin-port
                  the operators' page, /report.json, /metrics, /livez and /readyz
                  (ADMIN_HOST, ADMIN_PORT; 127.0.0.1, 9090)

One JSON line an event goes to standard output. SIGTERM drains.
`

/** `nearport serve`. */
export const serve: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, { config: 'string', ...listenFlags })
    if (rest.length > 0) throw new UsageError(`serve takes no argument, and got ${rest.join(' ')}`)

    const config = await loadConfig(flags.config, terminal.env)
    if (config !== undefined) {
      return runUntilStopped(terminal, (record) =>
        startService(listening(config), record, terminal.env),
      )
    }
    return runUntilStopped(terminal, (record) =>
      startDemo(listening, record, (text) => terminal.err(text)),
    )

    function listening(from: Config): Config {
      return { ...from, ...listenSettings(flags, terminal.env, from) }
    }
  },
}

async function runUntilStopped(
  terminal: Terminal,
  start: (record: (event: object) => void) => Promise<Service>,
): Promise<ExitCode> {
  const log = terminal.openLog()
  const service = await start(log.write)
  await stopped(terminal.stop)
  await service.drain()
  await log.end()
  return 0
}

function stopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
}
