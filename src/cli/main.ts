#!/usr/bin/env node
import packageJson from '../../package.json' with { type: 'json' }
import { enableCompileCache } from 'node:module'
import { ConfigError } from '../config/error.ts'
import { createLog } from '../runtime/log.ts'
import type { ExitCode, Terminal } from './command.ts'
import { UsageError } from './command.ts'
import { commands } from './commands.ts'
import { keepHeapSmall, keepYoungSpaceSteady } from './small-heap.ts'

/** Runs one command line; errors go to standard error in one form, whatever the command. */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === '--version') {
    terminal.out(`${packageJson.version}\n`)
    return 0
  }
  if (name === undefined || ['--help', '-h', 'help'].includes(name)) {
    terminal.out(overview())
    return name === undefined ? 2 : 0
  }
  const named = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (named === undefined) {
    const known = Object.keys(commands).join(', ')
    terminal.err(`nearport: ${name} is not a command: wanted one of ${known}\n`)
    return 2
  }
  const command = await named.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(command.help)
    return 0
  }
  try {
    return await command.run(rest, terminal)
  } catch (error) {
    const wronglyUsed = error instanceof UsageError || error instanceof ConfigError
    terminal.err(`nearport ${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    if (error instanceof UsageError) terminal.err(`nearport ${name} --help says more\n`)
    return wronglyUsed ? 2 : 1
  }
}

function overview(): string {
  const longest = Math.max(...Object.keys(commands).map(({ length }) => length))
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  nearport ${name.padEnd(longest)} ${summary}`,
  )
  return `nearport makes container image pulls come from the nearest copy.\n\n${lines.join('\n')}\n\nnearport NAME --help says more.\n`
}

/** Runs this process's command line, and leaves its exit code. */
export async function runProcess(): Promise<void> {
  // What is loaded is kept compiled from one call to the next: half of what a short run takes.
  enableCompileCache()
  const { heap } = commands[process.argv[2] ?? ''] ?? {}
  if (heap === 'small') keepHeapSmall()
  if (heap === 'steady') keepYoungSpaceSteady()
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  const outGone = new AbortController()
  let isHeard = false
  process.exitCode = await main(process.argv.slice(2), {
    out(text) {
      // Whoever reads us may leave, as in `nearport ranges lookup | head`. That fails nothing, and what
      // failed stays failed.
      if (!isHeard) process.stdout.on('error', (error) => leave(error, outGone))
      isHeard = true
      process.stdout.write(text)
    },
    outGone: outGone.signal,
    err: (text) => void process.stderr.write(text),
    // To name the stream has a pipe not wait for its reader, whoever writes to it.
    openLog: () => createLog(process.stdout.fd),
    // Each stream is made when it is first named, which takes some milliseconds.
    get input() {
      return process.stdin
    },
    env: process.env,
    get interactive() {
      return process.stderr.isTTY
    },
    columns: () => process.stderr.columns,
    stop: stop.signal,
    onHangup(listener) {
      process.on('SIGHUP', listener)
      return () => process.off('SIGHUP', listener)
    },
  })
}

function leave(error: NodeJS.ErrnoException, outGone: AbortController): void {
  if (error.code !== 'EPIPE') throw error
  outGone.abort()
}

if (import.meta.main) await runProcess()
