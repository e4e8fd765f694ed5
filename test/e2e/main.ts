import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingParts } from './parts/missing.ts'
import { enterService, networkDown, networkUp } from './parts/netns.ts'

/**
 * `npm run test:e2e`: makes hosts out of network namespaces and runs vitest on one of them, so that
 * nothing listens and nothing travels outside. Arguments are vitest's. Leaves no process, namespace
 * or file, however it ends; with NEARPORT_E2E_KEEP=1 the folder with the logs stays.
 */
async function main(args: readonly string[]): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return refuse('e2e tests need root on Linux: they make network namespaces')
  }
  const missing = missingParts()
  if (missing !== undefined) return refuse(missing)
  const other = takeLock()
  if (other !== undefined)
    return refuse(`e2e tests already run on this machine, as process ${other}`)

  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupt.abort())
  }
  try {
    // A run that was killed leaves its folder.
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch)
    try {
      await networkUp(scratch)
    } catch (error) {
      const reason = (error as Error).message.split('\n').at(-1)
      return refuse(`e2e tests need network namespaces, and cannot make them here: ${reason}`)
    }
    return await runVitest(args, interrupt.signal)
  } finally {
    await networkDown()
    if (process.env['NEARPORT_E2E_KEEP'] === '1') console.log(`e2e logs are in ${scratch}`)
    else await rm(scratch, { recursive: true, force: true })
    rmSync(lock, { force: true })
  }
}

// Short, because the paths of sockets in it may have 107 characters; fixed, because one run at a
// time uses the namespaces.
const scratch = join(tmpdir(), 'nearport-e2e')
const lock = join(tmpdir(), 'nearport-e2e.lock')

function refuse(line: string): number {
  console.error(line)
  return 1
}

/**
 * The namespaces have fixed names: a second run would end the first one's processes. Gives the
 * other run's id, if any.
 */
function takeLock(): number | undefined {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return undefined
  } catch {
    const owner = Number(readFileSync(lock, 'utf8'))
    if (isRunning(owner)) return owner
    // That run was killed.
    writeFileSync(lock, String(process.pid))
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('e2e/main.ts')
  } catch {
    return false
  }
}

/** Its exit code; 1 when interrupted. What it then leaves is for the caller to clean up. */
async function runVitest(args: readonly string[], interrupt: AbortSignal): Promise<number> {
  if (interrupt.aborted) return 1
  const vitest = fileURLToPath(new URL('../vitest.mjs', import.meta.resolve('vitest')))
  const config = join(import.meta.dirname, 'vitest.config.ts')
  const inner = [process.execPath, vitest, 'run', '--config', config, ...args] as const
  const [program, ...rest] = enterService(scratch, inner)
  const child = spawn(program, rest, {
    stdio: 'inherit',
    env: {
      ...process.env,
      NEARPORT_E2E_SCRATCH: scratch,
      // Whose network and view of the file system are those outside.
      NEARPORT_E2E_OUTSIDE: String(process.pid),
    },
    signal: interrupt,
    killSignal: 'SIGINT',
  })
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      // Its exit is still to come.
      if (error.name !== 'AbortError') reject(error)
    })
    child.once('exit', (code) => resolve(interrupt.aborted ? 1 : (code ?? 1)))
  })
}

process.exitCode = await main(process.argv.slice(2))
