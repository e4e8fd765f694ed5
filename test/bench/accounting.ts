import { parseConfig } from '../../src/config.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import { createOperators } from '../../src/runtime/operators.ts'
import { createPolicy } from '../../src/runtime/policy.ts'
import { createRandom } from './parts/random.ts'
import { publishTable, spread } from './parts/table.ts'

export const name = 'accounting'

const rounds = 11
const eventsARound = 400_000

/**
 * Prints what recording an event costs, in time and in memory that stays: of repositories that a
 * publisher has, and of names that somebody makes up.
 */
export async function run(): Promise<void> {
  const mixes = [
    ['500 repositories, 40 regions', 500],
    ['every name made up', Infinity],
  ] as const
  const rows = []
  for (const [mix, repositories] of mixes) {
    const operators = await createConfigured()
    const events = createEvents(repositories)
    const record = () => timeRecords(operators.record, events)
    // The first is for the compiler.
    record()
    const heapBefore = heapBytes()
    const times = Array.from({ length: rounds }, record)
    const grown = (heapBytes() - heapBefore) / (rounds * eventsARound)
    rows.push([mix, spread(times, 0), grown.toFixed(3)])
  }
  console.log(
    `an event recorded for metrics, report and page: median (min–max) of ${rounds} rounds`,
  )
  publishTable('accounting', [['mix', 'ns an event', 'bytes of heap that stay, an event'], ...rows])

  const operators = await createConfigured()
  timeRecords(operators.record, createEvents(500))
  const scrapes = Array.from({ length: rounds }, () =>
    timeMs(() => operators.report.traffic.rows()),
  )
  console.log(`\nall rows of it read, ms: ${spread(scrapes, 2)}`)
}

async function createConfigured() {
  const config = parseConfig(
    {
      upstreams: [{ registry: 'https://up.example', cloud: 'gcp' }],
      mirrors: [
        { id: 'aws/us-east-1', bucket: 'a' },
        { id: 'aws/eu-west-1', bucket: 'b' },
      ],
      presence: 'assume',
    },
    'the bench',
  )
  const policy = createPolicy(config)
  const ranges = { states: () => [] }
  const upstreamHealth = { all: () => [] }
  const shown = { config, policy, ranges, upstreamHealth, keeper: undefined }
  const operators = createOperators({ shown: () => shown, now: Date.now })
  // What counts for Prometheus is loaded now.
  await operators.scrape()
  return operators
}

function createEvents(repositories: number): readonly RequestEvent[] {
  const random = createRandom(7)
  const regions = Array.from({ length: 40 }, (_, at) => `region-${at}`)
  const startMs = Date.now()
  return Array.from({ length: eventsARound }, (_, at): RequestEvent => {
    const isHit = random() < 0.8
    const repository = `team/app-${at < repositories ? at : Math.floor(random() * repositories)}`
    const common = {
      event: 'request',
      timeMs: startMs + at / 100,
      method: random() < 0.95 ? 'GET' : 'HEAD',
      kind: random() < 0.7 ? 'blob' : 'manifest',
      repository: Number.isFinite(repositories) ? repository : `made-up/${at}`,
      cloud: 'aws',
      region: regions[Math.floor(random() ** 2 * regions.length)]!,
      status: 307,
      bytes: Math.floor(random() * 1e8),
      durationMs: random(),
    } as const
    return isHit
      ? { ...common, action: 'mirror', reason: 'in-region', mirror: 'aws/us-east-1' }
      : { ...common, action: 'upstream', reason: 'not-mirrored' }
  })
}

/** In nanoseconds an event. */
function timeRecords(
  record: (event: RequestEvent) => void,
  events: readonly RequestEvent[],
): number {
  const start = process.hrtime.bigint()
  for (const event of events) record(event)
  return Number(process.hrtime.bigint() - start) / events.length
}

function timeMs(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
