import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { drawCharts } from './parts/chart.ts'
import type { GrowthServer } from './parts/growth-servers.ts'
import { startSetting } from './parts/growth-servers.ts'
import { growthSettings, settingKey } from './parts/growth-settings.ts'
import type { Grown } from './parts/growth-table.ts'
import { growthCharts, growthTable } from './parts/growth-table.ts'
import { describeMachine } from './parts/machine.ts'
import { residentBytesOf } from './parts/measure.ts'
import { pinToClientCore } from './parts/pinned.ts'
import { measureRounds } from './parts/rounds.ts'
import { publishTable } from './parts/table.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'growth'
export const heavy = 'five minutes, two cores, 4 GB of memory, and Debian’s wrk'

const help = `npm run bench -- growth [--rounds 10] [--seconds 2] [--starts 3]
`
const picture = new URL('../../docs/images/growth.svg', import.meta.url)
const firstPort = 18_100

/**
 * How what nearport costs grows with blobs, mirrors and connections, by ten and by a hundred. Each size
 * has a process of its own, and all are asked in turn.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      rounds: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '2' },
      starts: { type: 'string', default: '3' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]

  await withWorkshop({ wrk: ['wrk'] }, async (workshop) => {
    await pinToClientCore()
    console.log(await describeMachine([]))
    const axes = growthSettings()
    // What is usual is on every axis, and measured once.
    const settings = new Map(axes.flatMap(([, all]) => all.map((each) => [settingKey(each), each])))
    const grown: GrowthServer[] = []
    for (const setting of settings.values()) {
      const port = firstPort + grown.length
      grown.push(await startSetting(workshop, setting, { port, starts: Number(values.starts) }))
    }
    const measured = await measureRounds(grown, { rounds, seconds, stop: workshop.stop })
    const results = new Map<string, Grown>(
      grown.map(({ setting, server, startsMs, idleBytes }, at) => {
        const busyBytes = residentBytesOf(server.pid)
        return [settingKey(setting), { rounds: measured[at]!, startsMs, idleBytes, busyBytes }]
      }),
    )
    const load = `${rounds} rounds of ${seconds} s; usual: 100,000 blobs, 1 mirror, 64 connections`
    publishTable('growth', growthTable(axes, results), [load])
    if (process.env['NEARPORT_PERFORMANCE_TABLE'] !== '1') return
    await writeFile(picture, drawCharts(growthCharts(axes, results)))
  })
}
