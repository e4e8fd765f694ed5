import { spawn } from 'node:child_process'
import type { SyncEvent } from '../../../src/core/sync-event.ts'
import type { SyncSummary } from '../../../src/sync/summary.ts'

/** A run that may have been killed: `summary` is undefined where it was. */
export type SyncProcess = {
  readonly summary: SyncSummary | undefined
  readonly exitCode: number | null
  /** The steps it told of until then. */
  readonly steps: readonly SyncEvent[]
  readonly tookMs: number
}

/** Runs `nearport sync --json` and sends it SIGKILL after so long, unless it has ended by then. */
export async function runSyncProcess(
  configFile: string,
  env: Readonly<Record<string, string>>,
  killAfterMs = Infinity,
): Promise<SyncProcess> {
  const startMs = performance.now()
  const args = ['src/cli/main.ts', 'sync', '--json', '--config', configFile]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const timer =
    killAfterMs < Infinity ? setTimeout(() => child.kill('SIGKILL'), killAfterMs) : undefined
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearTimeout(timer)

  // The last line of who was killed may be half a line.
  const lines = stderr.split('\n').slice(0, -1)
  const steps = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as SyncEvent)
  const summary = exitCode === null ? undefined : parseSummary(stdout, stderr)
  return { summary, exitCode, steps, tookMs: performance.now() - startMs }
}

function parseSummary(stdout: string, stderr: string): SyncSummary {
  try {
    return JSON.parse(stdout) as SyncSummary
  } catch (cause) {
    throw new Error(`wanted a summary from sync, got: ${stderr.slice(-2000)}`, { cause })
  }
}
