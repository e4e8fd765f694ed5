import type { LoadTally } from './load-tally.ts'
import type { Sample } from './soak-samples.ts'
import type { Slope } from './soak-slope.ts'
import { slopeOf } from './soak-slope.ts'
import { medianOf } from './table.ts'

/** All that a soak found out. */
export type Soaked = {
  readonly minutes: number
  readonly fullRate: number
  readonly rate: number
  readonly samples: readonly Sample[]
  readonly tally: LoadTally
  /** Events of the requests that are counted in `answered`, and what they say went wrong. */
  readonly events: number
  readonly eventFaults: readonly string[]
  readonly answered: number
  /** Share of a core that the load took while the full rate was looked for, and in the soak. */
  readonly ownShareAtFull: number
  readonly ownShare: number
  /** 99 of 100 requests were sent at most so long after they were due. */
  readonly lateMs: number
}

/** The most that may be called flat, in MB an hour. */
const flatMb = 1
/** p99 is steady where that of the last third is at most so many times the first's. */
const steadyTimes = 1.25

/** What is looked at for a slope: five minutes warm up, or a third of a shorter run. */
export function warm(samples: readonly Sample[]): readonly Sample[] {
  const last = samples.at(-1)?.atMinutes ?? 0
  return samples.filter(({ atMinutes }) => atMinutes > Math.min(5, last / 3))
}

/** In MB an hour. */
export function memorySlope(
  samples: readonly Sample[],
  of: (sample: Sample) => number = ({ residentMb }) => residentMb,
): Slope {
  return slopeOf(samples.map((sample) => [sample.atMinutes / 60, of(sample)] as const))
}

/** The figures, as rows of a table. */
export function soakRows(soaked: Soaked): readonly (readonly string[])[] {
  const { minutes, fullRate, rate, samples, tally, events, answered } = soaked
  const steady = warm(samples)
  const slope = memorySlope(steady)
  const heap = memorySlope(steady, ({ heapMb }) => heapMb)
  const [first, last] = thirds(steady)
  const p99 = (part: readonly Sample[]) => ms(medianOf(part.map(({ p99Ms }) => p99Ms)))
  const most = (of: (sample: Sample) => number) => Math.max(...steady.map(of))
  const cpuMs = samples.reduce((sum, sample) => sum + sample.cpuMs, 0)
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0)
  const hour = ({ slope: a, error }: Slope) => `${a.toFixed(2)} ± ${error.toFixed(2)} MB an hour`
  return [
    [`${minutes} minutes at half load`, 'figure'],
    ['full rate of this mix, 64 at once', `${Math.round(fullRate)} a second`],
    ['sent, whatever comes of it', `${Math.round(rate)} a second`],
    [
      'asked, hostile ones too; wrong, refused, reset or late',
      `${tally.count()}; ${tally.faults()}`,
    ],
    ['answers, without those; events of them', `${answered}; ${events}`],
    ['resident memory, after warm-up and at the end', `${mb(steady[0])} and ${mb(steady.at(-1))}`],
    ['resident memory, the most', `${most(({ residentMb }) => residentMb).toFixed(1)} MB`],
    ['its slope after warm-up, ± one standard error', hour(slope)],
    ['slope of the heap in use', hour(heap)],
    ['p50', ms(medianOf(steady.map(({ p50Ms }) => p50Ms)))],
    ['p99 of five seconds, first and last third', `${p99(first)} and ${p99(last)}`],
    ['the longest after warm-up', ms(most(({ mostMs }) => mostMs))],
    ['CPU a request', `${((cpuMs * 1000) / requests).toFixed(1)} µs`],
    ['the load’s own share of its core', percent(soaked.ownShare)],
    ['sent later than due, p99', ms(soaked.lateMs)],
  ]
}

/** How many of each kind, as rows of a table. */
export function kindRows(tally: LoadTally): readonly (readonly string[])[] {
  return [
    ['asked', 'as it must be', 'otherwise'],
    ...tally.kinds().map(({ kind, right, wrong }) => [kind, `${right}`, `${wrong}`]),
  ]
}

/** What came of it, in a sentence each. */
export function verdicts(soaked: Soaked): readonly string[] {
  const { minutes, samples, tally, events, eventFaults, answered, ownShare, ownShareAtFull } =
    soaked
  const steady = warm(samples)
  const { slope, error } = memorySlope(steady)
  const [first, last] = thirds(steady).map((part) => medianOf(part.map(({ p99Ms }) => p99Ms)))
  return [
    tally.faults() === 0
      ? 'every answer was right'
      : `${tally.faults()} were wrong, as ${tally.examples().join('; ')}`,
    events === answered
      ? 'no event was lost'
      : `${answered} requests were answered, and left ${events} events`,
    ...(eventFaults.length > 0 ? [`events tell of faults, as ${eventFaults[0]}`] : []),
    minutes < 15 ? 'it was too short to tell of memory' : memoryVerdict(slope, error),
    last! <= first! * steadyTimes ? 'p99 is steady' : `p99 went from ${ms(first!)} to ${ms(last!)}`,
    ...(Math.max(ownShareAtFull, ownShare) > 0.9
      ? [
          `the load took ${percent(ownShareAtFull)} of its core for the full rate and ${percent(ownShare)} in the soak: it may have been the bottleneck`,
        ]
      : []),
  ]
}

function memoryVerdict(slope: number, error: number): string {
  const text = `${slope.toFixed(2)} ± ${error.toFixed(2)} MB an hour`
  if (slope - 2 * error > flatMb) return `memory grows: ${text}`
  if (slope + 2 * error < flatMb) return `memory is flat: ${text}`
  // Two standard errors either way hold 19 of 20.
  return `whether memory grows by ${flatMb} MB an hour this run is too short or too noisy to tell: ${text}`
}

function thirds(samples: readonly Sample[]): readonly [readonly Sample[], readonly Sample[]] {
  const third = Math.max(Math.floor(samples.length / 3), 1)
  return [samples.slice(0, third), samples.slice(-third)]
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const mb = (sample: Sample | undefined) => `${sample?.residentMb.toFixed(1)} MB`
const percent = (share: number) => `${Math.round(share * 100)} %`
