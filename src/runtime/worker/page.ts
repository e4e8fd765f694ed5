import type { Hono } from 'hono'
import type { Upstream } from '../../core/upstream.ts'
import { createPage } from '../../metrics/page/page.ts'
import type { PageDeps } from '../../metrics/page/page.ts'
import { makeReport } from '../../metrics/report.ts'
import type { ReportDeps } from '../../metrics/report.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { createAnalytics } from './analytics.ts'
import type { AnalyticsTraffic } from './analytics-traffic.ts'
import { readAnalyticsTraffic } from './analytics-traffic.ts'
import type { WorkerEnv } from './env.ts'

export type WorkerPageDeps = {
  readonly env: WorkerEnv
  readonly upstreams: readonly Upstream[]
  readonly report: Omit<ReportDeps, 'traffic' | 'now'>
  readonly explain: PageDeps['explain']
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The page is fetched anew every ten seconds, and each question is one that Cloudflare counts. */
const keptForMs = 60_000

/**
 * Answers with the operators' page, or a part of it, at a path below the page's own. What all isolates
 * counted comes from Analytics Engine; how mirrors, index and ranges are is what this isolate knows.
 * Where the figures cannot be had the answer says why.
 */
export function createWorkerPage(deps: WorkerPageDeps): (path: string) => Promise<Response> {
  const { env, upstreams, explain, now } = deps
  const analytics = createAnalytics(env)
  let kept: { readonly atMs: number; readonly traffic: AnalyticsTraffic } | undefined

  return async (path) => {
    if ('lacking' in analytics) return refuse(503, analytics.lacking)
    if (/^page\.(?:css|js)/.test(path)) return pageOf(nothing).request(`/${path}`)
    try {
      // The answer is kept, and no promise: what was cut off with its request is asked again.
      if (kept === undefined || now() - kept.atMs >= keptForMs) {
        kept = { atMs: now(), traffic: await readAnalyticsTraffic(analytics, upstreams, now()) }
      }
    } catch (error) {
      return refuse(502, (error as Error).message)
    }
    return pageOf(kept.traffic).request(`/${path}`)
  }

  function pageOf(traffic: AnalyticsTraffic): Hono {
    const report = () => makeReport({ ...deps.report, traffic, now })
    return createPage({ report, explain, version: packageJson.version, now })
  }
}

/** For the page's style and script, which show nothing. */
const nothing: AnalyticsTraffic = {
  during: (period) => ({ period, lengthMs: 1, rows: [], repositories: [], notMirrored: [] }),
  quarters: () => [],
}

function refuse(status: number, why: string): Response {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' }
  return new Response(`no figures from Analytics Engine: ${why}\n`, { status, headers })
}
