import { createAdminApp } from '../proxy/admin.ts'
import { listen } from './http/listen.ts'
import { writeMetricsFile } from './metrics-file.ts'
import { pushMetrics } from './push-metrics.ts'

/** Where the metrics of a run go. What is undefined is not done. */
export type RunMetricsSettings = {
  /** Serves /metrics while the run lasts; 0 is any free port. */
  readonly port: number | undefined
  readonly host: string
  /** A Pushgateway, given its metrics every 15 s and at the end. */
  readonly pushUrl: string | undefined
  /** A file for node_exporter's textfile collector, written at the end. */
  readonly file: string | undefined
}

export type RunMetricsDeps = {
  /** What the command is called there: `nearport_sync`. */
  readonly job: string
  /** Tells apart those who share one job. */
  readonly instance?: string | undefined
  readonly scrape: () => Promise<{ readonly text: string; readonly contentType: string }>
  /** Says what went wrong: that is no reason for a run to fail. */
  readonly say: (text: string) => void
  readonly pushEveryMs?: number
}

/** Metrics of a command that ends, and is seldom there when Prometheus asks. */
export type RunMetrics = {
  /** Where they are served. */
  readonly port: number | undefined
  /** Pushes and writes for the last time, and serves no more. */
  readonly end: () => Promise<void>
}

/**
 * Makes the metrics of a run seen, in whichever of three ways is set. Rejects where the port cannot
 * be had.
 */
export async function createRunMetrics(
  settings: RunMetricsSettings,
  deps: RunMetricsDeps,
): Promise<RunMetrics> {
  const { port, host, pushUrl, file } = settings
  const { scrape, say, pushEveryMs = 15_000 } = deps
  const admin = createAdminApp({ ready: () => true, details: () => ({}), metrics: scrape })
  const listener =
    port === undefined
      ? undefined
      : await listen({ fetch: (request) => admin.fetch(request) }, { host, port })

  let pushing = Promise.resolve()
  let isPushing = false
  let hasFailed = false
  const timer = setInterval(() => {
    // A gateway that is slow is not asked for more at once.
    if (!isPushing) pushing = push()
  }, pushEveryMs)
  timer.unref()
  if (pushUrl === undefined) clearInterval(timer)

  return {
    port: listener?.port,
    async end() {
      clearInterval(timer)
      await pushing
      await push()
      if (file !== undefined) await write(file)
      await listener?.close(0)
    },
  }

  async function push(): Promise<void> {
    if (pushUrl === undefined) return
    isPushing = true
    try {
      await pushMetrics(pushUrl, deps.job, deps.instance, await scrape())
    } catch (error) {
      if (!hasFailed) say(`metrics were not pushed: ${(error as Error).message}`)
      hasFailed = true
    }
    isPushing = false
  }

  async function write(path: string): Promise<void> {
    try {
      await writeMetricsFile(path, (await scrape()).text)
    } catch (error) {
      say(`metrics were not written: ${(error as Error).message}`)
    }
  }
}
