import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { CommandLine } from '../../e2e/parts/process.ts'

/** What a program took. `peakBytes` is the most memory it had (VmHWM, asked every 20 ms). */
export type Measured = {
  readonly wallMs: number
  /** Of the program alone: user and system time. */
  readonly cpuMs: number
  readonly peakBytes: number
  readonly exitCode: number
  readonly stdout: string
}

export type MeasureOptions = {
  readonly env?: Readonly<Record<string, string>>
  /** Where its standard error goes. */
  readonly log: string
  readonly stop: AbortSignal
  readonly deadlineMs?: number
}

/**
 * Runs a program to its end and measures it from before its start to after its end. Throws with the
 * end of its log where it takes longer than the deadline (30 minutes) or is interrupted.
 */
export async function measure(command: CommandLine, options: MeasureOptions): Promise<Measured> {
  const { log, stop, deadlineMs = 1_800_000 } = options
  stop.throwIfAborted()
  const [program, ...args] = command
  const stderr = openSync(log, 'a')
  const startMs = performance.now()
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', stderr],
    env: { ...process.env, ...options.env },
  })
  closeSync(stderr)
  const kill = () => process.kill(-child.pid!, 'SIGKILL')
  stop.addEventListener('abort', kill, { once: true })
  const deadline = setTimeout(kill, deadlineMs)
  let usage: Usage = { cpuMs: 0, peakBytes: 0 }
  const watch = setInterval(() => (usage = readUsage(child.pid!) ?? usage), 20)

  let stdout = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const wallMs = performance.now() - startMs
    if (exitCode === null) throw new Error(`${program} was killed after ${Math.round(wallMs)} ms`)
    return { wallMs, ...usage, exitCode, stdout }
  } catch (cause) {
    const end = readFileSync(log, 'utf8').slice(-2000)
    throw new Error(`${command.join(' ')}: ${(cause as Error).message}\n${end}`, { cause })
  } finally {
    clearTimeout(deadline)
    clearInterval(watch)
    stop.removeEventListener('abort', kill)
  }
}

type Usage = { readonly cpuMs: number; readonly peakBytes: number }

function readUsage(pid: number): Usage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const peakKiB = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
    // A program that ends loses its memory before its id.
    if (peakKiB === undefined) return undefined
    return { cpuMs: cpuMsOf(pid), peakBytes: Number(peakKiB) * 1024 }
  } catch {
    return undefined
  }
}

/** User and system time of a process so far, from the clock ticks (100 a second) of its stat. */
export function cpuMsOf(pid: number): number {
  // The program's name, in brackets, may hold anything.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** What a process has in memory now (VmRSS), in bytes. */
export function residentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}
