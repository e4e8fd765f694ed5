import type { Config } from '../config.ts'
import { mostProcesses } from '../config/schema.ts'
import type { Flags, Terminal } from './command.ts'
import { UsageError } from './command.ts'

/** Flags that say where to listen, and in how many processes. */
export const listenFlags = {
  host: 'string',
  port: 'string',
  'admin-host': 'string',
  'admin-port': 'string',
  processes: 'string',
} as const

type ListenSettings = Pick<Config, 'host' | 'port' | 'adminHost' | 'adminPort'>

/**
 * Where to listen: the flag wins over the environment, the environment over the file. Throws
 * UsageError.
 */
export function listenSettings(
  flags: Flags<typeof listenFlags>,
  env: Terminal['env'],
  file: ListenSettings,
): ListenSettings {
  const port = (flag: 'port' | 'admin-port', name: string, otherwise: number) => {
    if (flags[flag] !== undefined) return parsePort(`--${flag}`, flags[flag])
    const value = env[name]
    return value === undefined || value === '' ? otherwise : parsePort(name, value)
  }
  return {
    host: flags.host ?? (env['HOST'] || file.host),
    port: port('port', 'PORT', file.port),
    adminHost: flags['admin-host'] ?? (env['ADMIN_HOST'] || file.adminHost),
    adminPort: port('admin-port', 'ADMIN_PORT', file.adminPort),
  }
}

/** In how many processes clients are answered, said in the same three places. Throws UsageError. */
export function processCount(
  flags: Flags<typeof listenFlags>,
  env: Terminal['env'],
  file: number,
): number {
  const [name, text] =
    flags.processes === undefined
      ? ['PROCESSES', env['PROCESSES'] || undefined]
      : ['--processes', flags.processes]
  if (text === undefined) return file
  const count = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= 1 && count <= mostProcesses)) {
    const wanted = `wants a number from 1 to ${mostProcesses}`
    throw new UsageError(`${name} ${wanted}, and got ${JSON.stringify(text)}`)
  }
  return count
}

/** A port as people write it. `name` is what messages call it. Throws UsageError. */
export function parsePort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) {
    throw new UsageError(`${name} wants a port from 0 to 65535, and got ${JSON.stringify(text)}`)
  }
  return port
}
