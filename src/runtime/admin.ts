import packageJson from '../../package.json' with { type: 'json' }
import { bareAddress } from '../core/address.ts'
import type { ConfigEvent } from '../core/event.ts'
import { listHosts } from '../core/hosts.ts'
import { createPage } from '../metrics/page/page.ts'
import { makeReport } from '../metrics/report.ts'
import { createAdminApp } from '../proxy/admin.ts'
import { explainAddress, explanationLines } from './explain.ts'
import type { Processes } from './http/clients-port.ts'
import type { NodeParts } from './node-parts.ts'
import type { Operators } from './operators.ts'
import { createPolicyFor } from './policy.ts'
import { readyDetails } from './ready-details.ts'

/** What the admin port shows, as it is when it is asked. */
export type AdminShown = {
  readonly parts: () => NodeParts
  readonly operators: Operators
  readonly isDraining: () => boolean
  /** What came of the last look at the configuration's file. */
  readonly lastRead: () => ConfigEvent | undefined
  /** Those that answer clients, where they are others than this one. */
  readonly processes: () => Processes | undefined
}

/** Makes what answers on the admin port: `livez`, `readyz`, metrics, hosts and the operators' page. */
export function createAdmin({
  parts,
  operators,
  isDraining,
  lastRead,
  processes,
}: AdminShown): ReturnType<typeof createAdminApp> {
  return createAdminApp({
    // While one process answers, clients are better off here than at what is left without us.
    ready: () => !isDraining() && processes()?.listening !== 0,
    details: () => ({
      ...detailsOf(parts(), operators.mirrors()),
      configuration: lastRead(),
      processes: processes(),
    }),
    metrics: operators.scrape,
    hosts: () => listHosts(parts().config),
    page: createPage({
      report: () => makeReport(operators.report),
      explain: (method, path, address) => explain(parts(), method, path, address),
      version: packageJson.version,
      now: Date.now,
    }),
  })
}

function detailsOf(
  { config, ranges, keeper, upstreamHealth }: NodeParts,
  mirrors: Parameters<typeof readyDetails>[4],
): Readonly<Record<string, unknown>> {
  return {
    ...readyDetails(config, ranges.table, keeper, Date.now(), mirrors),
    upstreams: upstreamHealth.all(),
  }
}

async function explain(
  { policies, optOut, watching, passThrough, ranges }: NodeParts,
  method: string,
  path: string,
  text: string,
): Promise<readonly string[] | { readonly problem: string }> {
  const address = bareAddress(text)
  if (address === undefined) return { problem: `wanted an IPv4 or IPv6 address, got ${text}` }
  const policyFor = createPolicyFor(policies, optOut)
  const { presence } = watching
  const asked = { policyFor, presence, passThrough, locate: ranges.table.locate }
  return explanationLines(address, await explainAddress(method, path, address, asked))
}
