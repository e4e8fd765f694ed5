import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import type { CommandLine } from '../../e2e/parts/process.ts'
import { run } from '../../e2e/parts/process.ts'

// Before anything is measured: what others do on this machine, not what we do.
const loadBefore = loadavg()[0]!

/** One line about the machine, and one about the versions of what is measured. */
export async function describeMachine(programs: readonly CommandLine[]): Promise<string> {
  const versions = await versionsOf(programs)
  return [machineText(), [`Node ${process.version}`, ...versions].join('; ')].join('\n')
}

/** The first line that each program says. */
export async function versionsOf(programs: readonly CommandLine[]): Promise<readonly string[]> {
  return Promise.all(
    programs.map(async (program) => {
      const { stdout } = await run(program)
      return stdout.trim().split('\n')[0]!
    }),
  )
}

/** Cores, memory and system, and how busy all was before. */
export function machineText(): string {
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`
  const cores = `${cpus().length} × ${cpus()[0]?.model.trim()}`
  return `${cores}, ${memory}, ${system}, load average ${loadBefore.toFixed(1)} before`
}
