import { readFileSync } from 'node:fs'
import { drawCharts } from './chart.ts'
import { createHistogram } from './load-histogram.ts'
import type { StormAnswer } from './storm-nodes.ts'

/** A part of the storm: the connections that were begun in it. */
export type StormMoment = {
  /** Its middle, in seconds since the storm began. */
  readonly atSeconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly mostMs: number
  readonly begunPerSecond: number
  readonly answeredPerSecond: number
}

const momentMs = 250

/** The storm in moments of a quarter of a second. */
export function momentsOf(answers: readonly StormAnswer[]): readonly StormMoment[] {
  const endMs = answers.reduce((end, each) => Math.max(end, each.startMs + each.tookMs), 0)
  const count = Math.floor(endMs / momentMs) + 1
  const moments = Array.from({ length: count }, () => {
    return { latencies: createHistogram(), answered: 0 }
  })
  for (const { startMs, tookMs } of answers) {
    moments[Math.floor(startMs / momentMs)]!.latencies.add(tookMs)
    moments[Math.floor((startMs + tookMs) / momentMs)]!.answered++
  }
  return moments.map(({ latencies, answered }, n) => ({
    atSeconds: ((n + 0.5) * momentMs) / 1000,
    p50Ms: latencies.quantileMs(0.5),
    p99Ms: latencies.quantileMs(0.99),
    mostMs: latencies.mostMs(),
    begunPerSecond: (latencies.count() * 1000) / momentMs,
    answeredPerSecond: (answered * 1000) / momentMs,
  }))
}

/** Latencies over time, and under them what came and what went. */
export function stormPicture(answers: readonly StormAnswer[], nodes: number): string {
  const moments = momentsOf(answers)
  const x = { label: 'seconds since the first node started', scale: 'linear' } as const
  const line = (of: (moment: StormMoment) => number) =>
    moments.map((moment) => [moment.atSeconds, of(moment)] as const)
  return drawCharts([
    {
      title: `${nodes.toLocaleString('en')} nodes: from connecting to the answer, by when it began`,
      x,
      y: { label: 'ms', scale: 'log' },
      series: [
        { name: 'p50', points: line(({ p50Ms }) => p50Ms) },
        { name: 'p99', points: line(({ p99Ms }) => p99Ms) },
        { name: 'the longest', points: line(({ mostMs }) => mostMs) },
      ],
    },
    {
      title: 'Connections',
      x,
      y: { label: 'a second', scale: 'linear' },
      series: [
        { name: 'begun', points: line(({ begunPerSecond }) => begunPerSecond) },
        { name: 'answered', points: line(({ answeredPerSecond }) => answeredPerSecond) },
      ],
    },
  ])
}

/** How often this machine has found a queue of new connections full (TcpExt's ListenOverflows). */
export function listenOverflows(text = readFileSync('/proc/net/netstat', 'utf8')): number {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  const at = names.indexOf('ListenOverflows')
  if (at < 0) throw new Error('wanted ListenOverflows in /proc/net/netstat')
  return Number(values[at])
}
