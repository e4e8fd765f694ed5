import { parseArgs } from 'node:util'
import { loadBundledTable } from '../../../src/ranges/bundled.ts'
import { readLog } from '../../../src/traffic/read-logs.ts'

// Reads a log several times in a process of its own, as a command would, and prints what each took.

const { values } = parseArgs({
  options: {
    file: { type: 'string', default: '-' },
    rounds: { type: 'string', default: '1' },
  },
})
const { locate } = loadBundledTable()
const rounds: object[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  const sum = { blobs: 0, bytes: 0, located: 0 }
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  const { lines, notUnderstood } = await readLog(values.file, { locate }, (line) => {
    if (line.location !== undefined) sum.located++
    if (line.kind !== 'blob') return
    sum.blobs++
    if (line.bytes > 0) sum.bytes += line.bytes
  })
  const wallMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  rounds.push({ ...sum, lines, notUnderstood, wallMs, cpuMs: (user + system) / 1000 })
}
console.log(JSON.stringify(rounds))
