import type { Terminal } from '../../src/cli/command.ts'

/** A terminal that keeps what is written to it, and can be asked to stop. */
export type TestTerminal = Terminal & {
  readonly written: { out: string; err: string }
  readonly end: () => void
}

export function createTerminal(env: Terminal['env'] = {}): TestTerminal {
  const written = { out: '', err: '' }
  const stop = new AbortController()
  return {
    out: (text) => (written.out += text),
    outGone: new AbortController().signal,
    err: (text) => (written.err += text),
    openLog: () => ({
      write: (event) => (written.out += `${JSON.stringify(event)}\n`),
      writeLines: (lines) => (written.out += lines),
      end: async () => {},
    }),
    // eslint-disable-next-line no-empty-function
    input: (async function* () {})(),
    env,
    interactive: false,
    stop: stop.signal,
    written,
    end: () => stop.abort(),
  }
}
