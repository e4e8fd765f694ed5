import { readFileSync } from 'node:fs'
import type { Histogram } from './load-histogram.ts'
import { cpuMsOf } from './measure.ts'

/** A few seconds of the soak. */
export type Sample = {
  /** Since the load began, at the end of these seconds. */
  readonly atMinutes: number
  readonly residentMb: number
  readonly heapMb: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly mostMs: number
  readonly requests: number
  readonly cpuMs: number
}

export const sampleMs = 5000

/** Looks at a server every five seconds, and at the latencies since the last look, until `end`. */
export function startSampling(
  { pid, adminUrl }: { readonly pid: number; readonly adminUrl: string },
  latencies: Histogram,
): { readonly samples: readonly Sample[]; readonly end: () => Promise<void> } {
  const startMs = performance.now()
  const samples: Sample[] = []
  let cpuMs = cpuMsOf(pid)
  let taking = Promise.resolve()
  const take = async () => {
    const atMinutes = (performance.now() - startMs) / 60_000
    const used = cpuMsOf(pid)
    const sample = {
      atMinutes,
      residentMb: residentMbOf(pid),
      p50Ms: latencies.quantileMs(0.5),
      p99Ms: latencies.quantileMs(0.99),
      mostMs: latencies.mostMs(),
      requests: latencies.count(),
      cpuMs: used - cpuMs,
    }
    cpuMs = used
    latencies.clear()
    samples.push({ ...sample, heapMb: await heapMbOf(adminUrl) })
  }
  const timer = setInterval(() => (taking = taking.then(take)), sampleMs)
  return {
    samples,
    end() {
      clearInterval(timer)
      return taking
    },
  }
}

/** VmRSS of a process, in millions of bytes. */
export function residentMbOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024) / 1e6
}

async function heapMbOf(adminUrl: string): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  const bytes = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1]
  return Number(bytes) / 1e6
}
