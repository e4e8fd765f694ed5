import { readdirSync, readFileSync } from 'node:fs'
import { cpuMsOf } from './measure.ts'

/**
 * CPU time so far, in ms, of the processes whose command line has `text` in it, by program: who
 * does the work while nearport waits.
 */
export function cpuByProgram(text: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (!words.some((word) => word.includes(text))) continue
      const program = words[0]!.split('/').at(-1)!
      times.set(program, (times.get(program) ?? 0) + cpuMsOf(Number(pid)))
    } catch {
      // It ended while it was looked at.
    }
  }
  return times
}
