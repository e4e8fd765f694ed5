import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { CommandLine } from '../../e2e/parts/process.ts'
import { run } from '../../e2e/parts/process.ts'

/** One line about the machine, and one about the versions of what is measured. */
export async function describeMachine(programs: readonly CommandLine[]): Promise<string> {
  const versions = await Promise.all(
    programs.map(async (program) => {
      const { stdout } = await run(program)
      return stdout.trim().split('\n')[0]!
    }),
  )
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory}, ${system}`
  return [machine, [`Node ${process.version}`, ...versions].join('; ')].join('\n')
}
