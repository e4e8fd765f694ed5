import { truncate } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { kindsOfAnswer } from './parts/answer-kinds.ts'
import { blobAsks, firstAsk } from './parts/asks.ts'
import { describeMachine } from './parts/machine.ts'
import { cpuMsOf } from './parts/measure.ts'
import { pinToClientCore, startPinned } from './parts/pinned.ts'
import { askRaw } from './parts/raw-load.ts'
import { inMirror } from './parts/redirects.ts'
import { serveIndex } from './parts/served-index.ts'
import { checkoutProgram, onNode } from './parts/service-nearport.ts'
import { publishTable, spread } from './parts/table.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'answers'
export const heavy = 'two minutes and two cores'

const help = `npm run bench -- answers [--rounds 12] [--seconds 1] [--connections 64]
`
const port = 18_080

/**
 * What other answers cost beside a redirect to a mirror: processor time of one nearport, asked for
 * each kind in turn. Its rounds are short, so that a slow moment of the machine is all kinds'.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      rounds: { type: 'string', default: '12' },
      seconds: { type: 'string', default: '1' },
      connections: { type: 'string', default: '64' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const connections = Number(values.connections)

  await withWorkshop({}, async ({ directory: folder, keep, stop }) => {
    await pinToClientCore()
    console.log(await describeMachine([]))
    const index = await serveIndex({ folder, port, blobs: 100_000, mirrors: 1, asked: 1024 })
    await keep(Promise.resolve({ stop: index.close }))
    const [blob] = blobAsks(index.digests)
    const first = firstAsk(blob!, inMirror(index.mirrorUrl)(blob!))
    const server = await keep(
      startPinned(onNode({ program: checkoutProgram, config: index.config, port }), folder, first),
    )
    const kinds = kindsOfAnswer(index.digests)
    const cpuUs = kinds.map(() => [] as number[])
    for (let round = -2; round < rounds; round++) {
      for (const [at, { asks, status }] of kinds.entries()) {
        stop.throwIfAborted()
        const beforeMs = cpuMsOf(server.pid)
        const answers = await askRaw({ port, asks, status, connections, seconds })
        // Two rounds are for the compilers.
        if (round >= 0) cpuUs[at]!.push(((cpuMsOf(server.pid) - beforeMs) * 1000) / answers)
        await truncate(server.log)
      }
    }
    publishTable(
      'answers',
      [
        ['an answer', 'status', 'CPU a request, µs', '× a blob in a mirror'],
        ...kinds.map((kind, at) => [
          kind.name,
          String(kind.status),
          spread(cpuUs[at]!, 1),
          spread(
            cpuUs[at]!.map((us, round) => us / cpuUs[0]![round]!),
            2,
          ),
        ]),
      ],
      [`${rounds} rounds of ${seconds} s, ${connections} connections`],
    )
  })
}
