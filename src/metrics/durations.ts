import type { Registry } from '@prometheus-io/client'
import { Histogram } from '@prometheus-io/client'

/** Seconds up to which durations are counted together, from a hundred microseconds on. */
const buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 5]

const settings = {
  name: 'nearport_request_duration_seconds',
  help: 'Time from the request to its answer.',
  labelNames: ['action'],
  buckets,
} as const

type Counts = { readonly inBucket: Float64Array; sumSeconds: number }

/**
 * A histogram of how long requests took. It is the library's to whoever scrapes, and counts in
 * columns of its own: the library's way to a bucket takes half as long as all else that is done
 * with an event.
 */
export class RequestDurations extends Histogram<'action'> {
  readonly #byAction = new Map<string, Counts>()

  constructor(registers: Registry[]) {
    super({ ...settings, buckets, labelNames: ['action'], registers })
  }

  /** Counts one request that took so many milliseconds. */
  count(action: string, durationMs: number): void {
    let counts = this.#byAction.get(action)
    if (counts === undefined) {
      counts = { inBucket: new Float64Array(buckets.length + 1), sumSeconds: 0 }
      this.#byAction.set(action, counts)
    }
    const seconds = durationMs / 1000
    let bucket = 0
    while (bucket < buckets.length && seconds > buckets[bucket]!) bucket++
    counts.inBucket[bucket]! += 1
    counts.sumSeconds += seconds
  }

  override async get(): ReturnType<Histogram<'action'>['get']> {
    const values = [...this.#byAction].flatMap(([action, counts]) => valuesOf(action, counts))
    const { name, help } = settings
    return { name, help, type: 'histogram', values, aggregator: 'sum', collect: () => {} }
  }

  /** What the registry asks for the text format. */
  getForPromString() {
    return this.get()
  }
}

/** Buckets hold what the smaller ones hold too, as Prometheus wants them. */
function valuesOf(
  action: string,
  { inBucket, sumSeconds }: Counts,
): Awaited<ReturnType<Histogram<'action'>['get']>>['values'] {
  const { name } = settings
  let count = 0
  const bounds = [...buckets, '+Inf'].map((le, bucket) => {
    count += inBucket[bucket]!
    return { metricName: `${name}_bucket`, labels: { le, action }, value: count }
  })
  return [
    ...bounds,
    { metricName: `${name}_sum`, labels: { action }, value: sumSeconds },
    { metricName: `${name}_count`, labels: { action }, value: count },
  ]
}
