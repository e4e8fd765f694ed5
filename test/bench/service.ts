import { parseArgs } from 'node:util'
import { describeMachine, versionsOf } from './parts/machine.ts'
import { residentBytesOf } from './parts/measure.ts'
import type { PinnedServer } from './parts/pinned.ts'
import { pinToClientCore, startPinned } from './parts/pinned.ts'
import { measureRounds } from './parts/rounds.ts'
import { prepareContenders } from './parts/service-contenders.ts'
import { serviceTables } from './parts/service-table.ts'
import { publishTables } from './parts/table.ts'
import { withWorkshop } from './parts/workshop.ts'
import { prepareWrk } from './parts/wrk.ts'

export const name = 'service'
export const heavy = 'five minutes, two cores, and Debian’s wrk and nginx'

const help = `npm run bench -- service [--rounds 12] [--seconds 4] [--connections 64] [--starts 5]
`

/**
 * Redirects of blobs that a mirror holds, as many as one core answers: beside nginx with one fixed
 * `return 307`, and node:http and Go's net/http with one fixed answer.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      rounds: { type: 'string', default: '12' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '64' },
      starts: { type: 'string', default: '5' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const connections = Number(values.connections)

  await withWorkshop({ wrk: ['wrk'], 'nginx-light': ['nginx'] }, async (workshop) => {
    const { directory, keep, stop } = workshop
    await pinToClientCore()
    const { recipes, asks, firstAsk, check, versions } = await prepareContenders(workshop)
    console.log(await describeMachine(versions))
    const startsMs = recipes.map(() => [] as number[])
    const servers: PinnedServer[] = []
    for (let n = 1; n <= Number(values.starts); n++) {
      for (const [at, recipe] of recipes.entries()) {
        stop.throwIfAborted()
        const server = await keep(startPinned(recipe, directory, firstAsk(recipe.port)))
        startsMs[at]!.push(server.startMs)
        // The last one stays, and is what is asked.
        if (n < Number(values.starts)) await server.stop()
        else servers.push(server)
      }
    }
    const beforeBytes = servers.map(({ pid }) => residentBytesOf(pid))
    for (const { port } of servers) await check(port)
    const ask = await prepareWrk(directory, 'blobs', asks)
    const contenders = servers.map((server) => ({ server, ask, connections }))
    const measured = await measureRounds(contenders, { rounds, seconds, stop })
    const tables = serviceTables(
      servers.map((server, at) => ({
        name: server.name,
        rounds: measured[at]!,
        startsMs: startsMs[at]!,
        beforeBytes: beforeBytes[at]!,
        afterBytes: residentBytesOf(server.pid),
      })),
    )
    const load = `${rounds} rounds of ${seconds} s, ${connections} connections`
    publishTables('service', tables, [load, ...(await versionsOf(versions))])
  })
}
