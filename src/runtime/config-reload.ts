import { unwatchFile, watchFile } from 'node:fs'
import { ConfigError } from '../config/error.ts'
import type { Config } from '../config.ts'
import type { ConfigEvent } from '../core/event.ts'

/** A configuration and the text that it was read from. */
export type ReadConfig = { readonly text: string; readonly config: Config }

export type ConfigReloadDeps = {
  /** Reads and checks the file. Rejects with what is wrong with it. */
  readonly read: () => Promise<ReadConfig>
  /** Puts it in the place of the one in use, whole or not at all. */
  readonly take: (config: Config, text: string) => Promise<void>
  readonly record: (event: ConfigEvent) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Makes the function that reads the configuration anew and puts it in the place of the one in use. One
 * that is wrong, in whatever place, is refused as a whole and told; the one in use stays. Who asks while
 * one is being taken gets another look afterwards. Never rejects.
 */
export function createConfigReload(
  inUse: ReadConfig,
  { read, take, record, now }: ConfigReloadDeps,
): () => Promise<void> {
  let current = inUse
  let running: Promise<void> | undefined
  let isAskedAgain = false

  const tell = (outcome: ConfigEvent['outcome'], problems: readonly string[]) =>
    record({ event: 'config', timeMs: now(), outcome, problems })
  const reload = async () => {
    try {
      const next = await read()
      if (next.text === current.text) return tell('unchanged', [])
      await take(next.config, next.text)
      const later = listeningChanges(current.config, next.config)
      current = next
      tell('taken', later)
    } catch (error) {
      tell('refused', error instanceof ConfigError ? error.problems : [(error as Error).message])
    }
  }
  const run = async () => {
    do {
      isAskedAgain = false
      await reload()
    } while (isAskedAgain)
    running = undefined
  }
  return () => {
    isAskedAgain = running !== undefined
    running ??= run()
    return running
  }
}

/** What a new configuration says that counts at the next start alone: sockets are opened once. */
function listeningChanges(before: Config, after: Config): readonly string[] {
  const keys = ['host', 'port', 'adminHost', 'adminPort', 'tls', 'processes'] as const
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${key}: counts at the next start`)
}

/**
 * Calls back when a file has changed, also where it is a link that now leads to another, as in a
 * Kubernetes ConfigMap: its state is looked at every second. Returns the function that ends it.
 */
export function watchConfigFile(path: string, changed: () => void): () => void {
  const listener = () => changed()
  watchFile(path, { interval: 1000, persistent: false }, listener)
  return () => unwatchFile(path, listener)
}
