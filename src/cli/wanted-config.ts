import type { Config } from '../config.ts'
import type { Terminal } from './command.ts'
import { UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'

/**
 * The configuration of a command that can do nothing without one, and without mirrors. Throws
 * UsageError, and ConfigError.
 */
export async function wantedConfig(
  command: string,
  flag: string | undefined,
  { env }: Pick<Terminal, 'env'>,
): Promise<Config> {
  const config = await loadConfig(flag, env)
  if (config === undefined) {
    throw new UsageError(`${command} wants a configuration: --config FILE, or ./nearport.json`)
  }
  if (config.mirrors.length === 0) {
    throw new UsageError(`${command} wants mirrors, and the configuration names none`)
  }
  return config
}
