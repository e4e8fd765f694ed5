import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { parseConfig } from '../config.ts'
import { UsageError } from './command.ts'
import { findJsonError } from './json-error.ts'

/** The configuration that is read where neither a flag nor the environment names one. */
const usualConfigPath = 'nearport.json'

/** A configuration, the file it is in, and its text. */
export type OpenedConfig = {
  readonly path: string
  readonly text: string
  readonly config: Config
}

/**
 * Reads the configuration: the file that the flag names, else the one that NEARPORT_CONFIG names,
 * else nearport.json where it is there, else undefined. Throws UsageError for a file that cannot be
 * read or is not JSON, ConfigError for the rest.
 */
export async function loadConfig(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Config | undefined> {
  return (await openConfig(flag, env))?.config
}

/** The same, with where it was read. */
export async function openConfig(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenedConfig | undefined> {
  const named = flag ?? (env['NEARPORT_CONFIG'] || undefined)
  const path = named ?? usualConfigPath

  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (named === undefined && code === 'ENOENT') return undefined
    const why = code === 'ENOENT' ? 'there is no such file' : message
    throw new UsageError(`wanted a configuration in ${path}: ${why}`, { cause: error })
  }
  return { path, text, config: readConfig(text, path) }
}

/** Makes the configuration of a file's text. Throws as `loadConfig` does. */
export function readConfig(text: string, path: string): Config {
  return resolvePaths(parseConfig(parseJson(text, path), path), dirname(path))
}

/**
 * Paths are by the file, not by where the command was called from: sync from cron and serve must
 * mean the same folder.
 */
function resolvePaths(config: Config, folder: string): Config {
  const { index, ranges, sync, tls } = config
  const traffic = sync.traffic.map((each) => resolve(folder, each))
  const keptIn = index.keptIn === undefined ? {} : { keptIn: resolve(folder, index.keptIn) }
  return {
    ...config,
    tls: tls && { cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) },
    sync: { ...sync, traffic },
    index: { ...resolveDirectory(index, folder), ...keptIn },
    ranges: resolveDirectory(ranges, folder),
  }
}

function resolveDirectory<T extends { readonly directory?: string | undefined }>(
  part: T,
  folder: string,
): T {
  const { directory } = part
  return directory === undefined ? part : { ...part, directory: resolve(folder, directory) }
}

function parseJson(text: string, path: string): unknown {
  // Editors on Windows put a byte order mark in front.
  const json = text.replace(/^\uFEFF/, '')
  try {
    return JSON.parse(json)
  } catch (error) {
    const { line, column } = findJsonError(json)!
    const message = `${path} is not JSON: line ${line}, column ${column}: ${(error as Error).message}`
    throw new UsageError(message, { cause: error })
  }
}
