import type { AnalyticsEngineDataset, ExecutionContext, R2Bucket } from '@cloudflare/workers-types'

/** What wrangler.toml and the account's secrets give the Worker. All of it may be missing. */
export type WorkerEnv = {
  /**
   * A bucket whose `nearport/index/` has the index: read without going out to a public URL. The last
   * good table of ranges is kept beside it.
   */
  readonly INDEX?: Pick<R2Bucket, 'get' | 'put'>
  /** Where each event leaves a data point: see docs/workers.md for its columns. */
  readonly EVENTS?: Pick<AnalyticsEngineDataset, 'writeDataPoint'>
  /** Whoever has it may ask what operators ask; without it nobody may. */
  readonly ADMIN_TOKEN?: string
  /** The account whose Analytics Engine has the data points, and a token that may read them. */
  readonly ANALYTICS_ACCOUNT?: string
  readonly ANALYTICS_TOKEN?: string
  /** The data set that is bound as EVENTS; default: nearport. */
  readonly ANALYTICS_DATASET?: string
  /** Where Cloudflare's interface is, with no path; default: at Cloudflare. */
  readonly ANALYTICS_URL?: string
  /** Which share of the requests is written to the log, from 0 to 1; default: all. */
  readonly LOG_SHARE?: string | number
  /** Which share of the requests leaves a data point, from 0 to 1; default: all. */
  readonly EVENTS_SHARE?: string | number
}

/** What a request may leave behind that goes on after its answer. */
export type WorkerContext = Pick<ExecutionContext, 'waitUntil'>

/** The variables and secrets among what there is, by name: upstreams' credentials are there. */
export function textsOf(env: WorkerEnv): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
