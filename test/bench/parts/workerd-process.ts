import { readdirSync, readFileSync } from 'node:fs'
import { cpuMsOf } from './measure.ts'

/** What a process has used so far. */
export type MeasuredProcess = {
  readonly cpuMs: () => number
  readonly residentMb: () => number
}

/** The one workerd that this process started. */
export function workerdProcess(): MeasuredProcess {
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOurWorkerd(pid))
  if (children.length !== 1) throw new Error(`wanted one workerd, got ${children.length}`)
  const pid = Number(children[0])
  return {
    cpuMs: () => cpuMsOf(pid),
    residentMb: () => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024) / 1e6
    },
  }
}

function isOurWorkerd(pid: string): boolean {
  try {
    const [, name, parent] = /^\d+ \((.+)\) \S (\d+) /.exec(
      readFileSync(`/proc/${pid}/stat`, 'utf8'),
    )!
    return name === 'workerd' && Number(parent) === process.pid
  } catch {
    // It ended while it was looked at.
    return false
  }
}
