import { drawCharts } from './chart.ts'
import { memorySlope, warm } from './soak-report.ts'
import type { Sample } from './soak-samples.ts'

/** Memory and latencies over time. */
export function soakPicture(samples: readonly Sample[]): string {
  const steady = warm(samples)
  const fit = memorySlope(steady)
  const x = { label: 'minutes', scale: 'linear' } as const
  const line = (of: (sample: Sample) => number, from = samples) =>
    from.map((sample) => [sample.atMinutes, of(sample)] as const)
  return drawCharts([
    {
      title: 'Memory at half load',
      x,
      y: { label: 'MB', scale: 'linear' },
      series: [
        { name: 'resident', points: line(({ residentMb }) => residentMb) },
        { name: 'heap in use', points: line(({ heapMb }) => heapMb) },
        {
          name: 'resident, least squares',
          points: line(({ atMinutes }) => fit.at(atMinutes / 60), steady),
          dashed: true,
        },
      ],
    },
    {
      title: 'Latency, from when each request was due; five seconds a point',
      x,
      y: { label: 'ms', scale: 'log' },
      series: [
        { name: 'p50', points: line(({ p50Ms }) => p50Ms) },
        { name: 'p99', points: line(({ p99Ms }) => p99Ms) },
        { name: 'the longest', points: line(({ mostMs }) => mostMs) },
      ],
    },
  ])
}
