import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createHistogram } from './parts/load-histogram.ts'
import type { LoadedServer } from './parts/load-serve.ts'
import { startLoaded } from './parts/load-serve.ts'
import type { LoadTally } from './parts/load-tally.ts'
import { createTally } from './parts/load-tally.ts'
import { describeMachine } from './parts/machine.ts'
import { cpuMsOf } from './parts/measure.ts'
import { writeSection } from './parts/performance-page.ts'
import { createRandom } from './parts/random.ts'
import { residentMbOf } from './parts/soak-samples.ts'
import type { Storm } from './parts/storm-nodes.ts'
import { planNode, raise, requestsEach, withinMs } from './parts/storm-nodes.ts'
import { listenOverflows, stormPicture } from './parts/storm-report.ts'
import { printTable } from './parts/table.ts'
import type { Workshop } from './parts/workshop.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'storm'
export const heavy = 'a minute, two cores, and a hundred thousand connections'

const help = `npm run bench -- storm [--nodes 5000] [--svg FILE]

With NEARPORT_PERFORMANCE_TABLE=1, and no fault found, the picture goes to docs/images/storm.svg, and the table into
docs/performance.md. To let more connections wait than this machine does, in a network of its own:

unshare -n sh -c 'ip link set lo up; sysctl -qw net.core.somaxconn=65535; npm run bench -- storm'
`
const blobs = 100_000

/**
 * A cluster is replaced: nodes start within ten seconds, and each pulls an image of twenty layers, every
 * request over a connection of its own. Every answer is checked, and every event counted. Throws where
 * a connection was refused, broke or waited 30 s, an answer was wrong, or an event was lost.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      nodes: { type: 'string', default: '5000' },
      svg: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  const nodes = Number(values.nodes)
  if (!(nodes > 0)) throw new Error(`usage: ${help}`)
  console.log(await describeMachine([]))
  await withWorkshop({}, async (workshop) => {
    const server = await startLoaded(workshop, blobs, 'file')
    const tally = createTally()
    const { rows, storm, eventFaults, isWhole } = await weather(server, workshop, nodes, tally)
    printTable(rows)
    for (const example of tally.examples()) console.log(`\n${example}`)
    for (const fault of eventFaults.slice(0, 5)) console.log(`\n${fault}`)
    const picture = stormPicture(storm.answers, nodes)
    if (values.svg !== undefined) writeFileSync(values.svg, picture)
    if (!isWhole) throw new Error('the storm found faults')
    if (process.env['NEARPORT_PERFORMANCE_TABLE'] === '1') {
      writeFileSync(new URL('../../docs/images/storm.svg', import.meta.url), picture)
      writeSection('storm', [rows], ['an index of 100,000 blobs, the server on one core'])
    }
  })
}

type Weathered = {
  readonly rows: readonly (readonly string[])[]
  readonly storm: Storm
  readonly eventFaults: readonly string[]
  readonly isWhole: boolean
}

async function weather(
  server: LoadedServer,
  { stop }: Workshop,
  nodes: number,
  tally: LoadTally,
): Promise<Weathered> {
  const random = createRandom(5)
  const plans = Array.from({ length: nodes }, (_, n) =>
    planNode(n, random() * withinMs, server.bucketUrl),
  )
  const before = {
    overflows: listenOverflows(),
    cpuMs: cpuMsOf(server.pid),
    own: process.cpuUsage(),
  }
  const residentMb = residentMbOf(server.pid)
  const storm = await raise(server.target, plans, stop, tally)
  const { user, system } = process.cpuUsage(before.own)
  const cpuMs = cpuMsOf(server.pid) - before.cpuMs
  const [overflows, afterMb] = [listenOverflows() - before.overflows, residentMbOf(server.pid)]
  const events = await server.finish()

  const latencies = createHistogram()
  for (const { tookMs } of storm.answers) latencies.add(tookMs)
  const answered = storm.answers.length
  const queue = readFileSync('/proc/sys/net/core/somaxconn', 'utf8').trim()
  const share = (ms: number) => `${Math.round((ms / storm.lastAnswerMs) * 100)} %`
  const rows = [
    [`${nodes} nodes, ${requestsEach} connections each`, 'figure'],
    ['connections', `${tally.count()}`],
    ['refused, reset, late or wrong', `${tally.faults()}`],
    ['answers; events of them', `${answered}; ${events.requests}`],
    ['the last node started after', seconds(storm.lastStartMs)],
    ['the last answer came after', seconds(storm.lastAnswerMs)],
    ['the most connections at once', `${storm.mostConnections}`],
    ['from connecting to the answer: p50', ms(latencies.quantileMs(0.5))],
    ['p99', ms(latencies.quantileMs(0.99))],
    ['p99.9', ms(latencies.quantileMs(0.999))],
    ['the longest', ms(latencies.mostMs())],
    ['CPU a connection', `${((cpuMs * 1000) / answered).toFixed(0)} µs`],
    [
      'share of its core: server, and the nodes',
      `${share(cpuMs)}, ${share((user + system) / 1000)}`,
    ],
    ['resident memory, before and after', `${residentMb.toFixed(0)} MB, ${afterMb.toFixed(0)} MB`],
    ['connections that may wait (net.core.somaxconn)', queue],
    ['times that no more could wait', `${overflows}`],
  ]
  const isWhole = tally.faults() === 0 && events.requests === answered && events.faults.length === 0
  return { rows, storm, eventFaults: events.faults, isWhole }
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`
