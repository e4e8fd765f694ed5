import type { Config } from '../config.ts'
import type { Flags, Terminal } from './command.ts'
import { UsageError } from './command.ts'

/** Flags that say where to listen. */
export const listenFlags = {
  host: 'string',
  port: 'string',
  'admin-host': 'string',
  'admin-port': 'string',
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

/** A port as people write it. `name` is what messages call it. Throws UsageError. */
export function parsePort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) {
    throw new UsageError(`${name} wants a port from 0 to 65535, and got ${JSON.stringify(text)}`)
  }
  return port
}
