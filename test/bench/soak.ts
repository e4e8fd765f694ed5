import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startLoaded } from './parts/load-serve.ts'
import { describeMachine } from './parts/machine.ts'
import { writeSection } from './parts/performance-page.ts'
import { createMix } from './parts/soak-mix.ts'
import { soakPicture } from './parts/soak-picture.ts'
import { kindRows, soakRows, verdicts } from './parts/soak-report.ts'
import { soak } from './parts/soak-run.ts'
import { printTable } from './parts/table.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'soak'
export const heavy = 'half an hour, and two cores'

const help = `npm run bench -- soak [--minutes 30] [--rate N] [--svg FILE]

--rate is in requests a second; by default half of what the server answers, which is found out first.
With NEARPORT_PERFORMANCE_TABLE=1, and no fault found, the picture goes to docs/images/soak.svg, and the tables into
docs/performance.md.
`
const blobs = 100_000
const requests = 50_000

/**
 * `nearport serve` under half of what it can do, for half an hour, by a mix of all that clients ask and
 * of what no honest one does. Every answer is checked against what the bench works out by itself, and
 * every event is counted. Throws where an answer was wrong or an event was lost.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      minutes: { type: 'string', default: '30' },
      rate: { type: 'string' },
      svg: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  const minutes = Number(values.minutes)
  const rate = values.rate === undefined ? undefined : Number(values.rate)
  if (!(minutes > 0 && (rate === undefined || rate > 0))) throw new Error(`usage: ${help}`)
  console.log(await describeMachine([]))
  await withWorkshop({}, async (workshop) => {
    const server = await startLoaded(workshop, blobs, 'pipe')
    const mix = createMix(requests, blobs, server.bucketUrl, 7)
    const soaked = await soak(server, { requests: mix, minutes, rate, stop: workshop.stop })
    const [rows, kinds, said] = [soakRows(soaked), kindRows(soaked.tally), verdicts(soaked)]
    printTable(rows)
    console.log()
    printTable(kinds)
    for (const verdict of said) console.log(`\n${verdict}`)
    const picture = soakPicture(soaked.samples)
    if (values.svg !== undefined) writeFileSync(values.svg, picture)
    const isWhole = soaked.tally.faults() === 0 && soaked.events === soaked.answered
    if (!isWhole || soaked.eventFaults.length > 0) throw new Error('the soak found faults')
    if (process.env['NEARPORT_PERFORMANCE_TABLE'] === '1') {
      writeFileSync(new URL('../../docs/images/soak.svg', import.meta.url), picture)
      writeSection('soak', [rows, kinds], said)
    }
  })
}
