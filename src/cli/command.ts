import { parseArgs } from 'node:util'
import type { Log } from '../runtime/log.ts'

/** 0: done; 1: it failed; 2: used wrongly. */
export type ExitCode = 0 | 1 | 2

/** The outside world as a command sees it, so that a test can stand in for it. */
export type Terminal = {
  readonly out: (text: string) => void
  /** Aborts when nobody reads what `out` writes any more. */
  readonly outGone: AbortSignal
  readonly err: (text: string) => void
  /**
   * Makes the log that a service writes its events to: standard output, without waiting for its
   * reader.
   */
  readonly openLog: () => Log
  readonly input: AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Whether standard error is a person's terminal: progress is drawn there, JSON lines elsewhere.
   */
  readonly interactive: boolean
  /** How wide that terminal is now, where it is known. */
  readonly columns?: () => number | undefined
  /** Aborts when the process is asked to stop. */
  readonly stop: AbortSignal
  /** Hears of every SIGHUP, until the function that it returns is called. */
  readonly onHangup?: (listener: () => void) => () => void
}

/** One file in this folder: what `nearport NAME` does. */
export type Command = {
  /** The text of `nearport NAME --help`. */
  readonly help: string
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<ExitCode>
}

/** The command line was wrong: the message says what was wanted and what came. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export type FlagKinds = Readonly<Record<string, 'string' | 'boolean'>>
export type Flags<K extends FlagKinds> = {
  readonly [N in keyof K]?: K[N] extends 'string' ? string : boolean
}

/**
 * Splits a command's arguments into its flags and the rest. Throws UsageError for anything it does
 * not know.
 */
export function parseFlags<const K extends FlagKinds>(
  args: readonly string[],
  kinds: K,
): { readonly flags: Flags<K>; readonly rest: readonly string[] } {
  const known = Object.keys(kinds).map((name) => `--${name}`)
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(kinds).map(([name, type]) => [name, { type }])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })

  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const kind = kinds[token.name]
    if (kind === undefined) {
      throw new UsageError(`${token.rawName} is not a flag here: wanted one of ${known.join(', ')}`)
    }
    if (kind === 'string' && (token.value === undefined || token.value === '')) {
      throw new UsageError(`${token.rawName} wants a value and got none`)
    }
    if (kind === 'boolean' && token.value !== undefined) {
      throw new UsageError(
        `${token.rawName} takes no value, and got ${JSON.stringify(token.value)}`,
      )
    }
  }
  return { flags: values as Flags<K>, rest: positionals }
}
