import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Something that runs until it is stopped. `stop` may be called twice, and never fails. */
export type Stoppable = { readonly stop: () => Promise<void> }

/** A server of ours: its process id and the file that has all it says. */
export type RunningProcess = Stoppable & { readonly pid: number; readonly log: string }

/** What a finished program left. */
export type Finished = { readonly stdout: string; readonly stderr: string; readonly tookMs: number }

/** A program and its arguments. */
export type CommandLine = readonly [string, ...string[]]

export type ServerSpec = {
  readonly name: string
  readonly command: CommandLine
  /** Folder of its log, `NAME.log`. */
  readonly logs: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Asked every 30 ms until it is true; one that throws is not ready yet. */
  readonly ready: () => Promise<boolean>
  readonly deadlineMs?: number
  /** SIGTERM unless told otherwise; whoever is still there after 5 s is killed. */
  readonly stopSignal?: NodeJS.Signals
}

/**
 * Starts a server as the head of a process group of its own and waits until it is ready. Throws
 * with the last lines of its log when it ends first or is not ready by the deadline (20 s), and
 * leaves nothing running then.
 */
export async function startProcess(spec: ServerSpec): Promise<RunningProcess> {
  const log = join(spec.logs, `${spec.name}.log`)
  await mkdir(dirname(log), { recursive: true })
  const output = openSync(log, 'a')
  const [program, ...args] = spec.command
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
  })
  closeSync(output)

  let ended: string | undefined
  const end = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = `ended with ${signal ?? `code ${code}`}`
      resolve()
    })
    child.once('error', (error) => {
      ended = `could not be started: ${error.message}`
      resolve()
    })
  })
  const stop = async () => {
    if (ended === undefined) {
      signalGroup(child.pid, spec.stopSignal ?? 'SIGTERM')
      await atMost(5_000, end)
    }
    // What the server itself started and left behind ends with it.
    signalGroup(child.pid, 'SIGKILL')
    await end
  }

  try {
    await waitUntil(
      `${spec.name} ready`,
      async () => {
        if (ended !== undefined) throw new Gone(`${spec.name} ${ended}`)
        return spec.ready()
      },
      spec.deadlineMs,
    )
  } catch (cause) {
    await stop()
    throw new Error(`${(cause as Error).message}\n${await lastLines(log)}`, { cause })
  }
  return { pid: child.pid!, log, stop }
}

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
  readonly deadlineMs?: number
}

/**
 * Runs a program to its end. Throws with the last lines it wrote when it fails or takes longer than
 * the deadline (60 s).
 */
export async function run(command: CommandLine, options: RunOptions = {}): Promise<Finished> {
  const started = performance.now()
  const deadlineMs = options.deadlineMs ?? 60_000
  const [program, ...args] = command
  const child = spawn(program, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  // A program that reads none of its input closes it: no failure of ours.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))

  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    signalGroup(child.pid, 'SIGKILL')
  }, deadlineMs)
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : (signal ?? `code ${code}`)),
    )
  })
  clearTimeout(timer)

  if (how !== undefined) {
    const why = timedOut ? `still running after ${deadlineMs / 1000} s` : how
    throw new Error(`${command.join(' ')}: ${why}\n${tail(stderr + stdout)}`)
  }
  return { stdout, stderr, tookMs: Math.round(performance.now() - started) }
}

/**
 * Asks every 30 ms until the answer is true; throws what it waited for, and the last error, at the
 * deadline (20 s).
 */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const end = performance.now() + deadlineMs
  let last: unknown
  while (performance.now() < end) {
    try {
      if (await check()) return
    } catch (error) {
      if (error instanceof Gone) throw error
      last = error
    }
    await sleep(30)
  }
  const why = last instanceof Error ? `: ${last.message}` : ''
  throw new Error(`waited ${deadlineMs / 1000} s in vain for ${what}${why}`)
}

/** Whether a URL answers at all, with whatever status. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return true
}

/** Waiting longer is of no use. */
class Gone extends Error {}

async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const done = new AbortController()
  const timeout = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined)
  await Promise.race([promise, timeout])
  done.abort()
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has ended.
  }
}

async function lastLines(log: string): Promise<string> {
  return tail(await readFile(log, 'utf8'))
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-15).join('\n')
}
